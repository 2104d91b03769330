// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;
using Physr.Linux.Memory;

namespace Physr.Linux.Rings;

/// <content>Making a ring.</content>
public sealed unsafe partial class IoRing
{
    // Completions do not interrupt the thread's code, only its sleep. IORING_SETUP_DEFER_TASKRUN would not even do that: with it an epoll_wait that has begun sleeps on when a call ends (seen with Linux 6.18).
    // What an older kernel does not know it refuses with EINVAL; there is then the next best.
    private static readonly IoUringSetupFlags[] s_flags =
    [
        IoUringSetupFlags.IORING_SETUP_R_DISABLED | IoUringSetupFlags.IORING_SETUP_SUBMIT_ALL | IoUringSetupFlags.IORING_SETUP_COOP_TASKRUN | IoUringSetupFlags.IORING_SETUP_TASKRUN_FLAG
            | IoUringSetupFlags.IORING_SETUP_SINGLE_ISSUER,
        IoUringSetupFlags.IORING_SETUP_SUBMIT_ALL | IoUringSetupFlags.IORING_SETUP_COOP_TASKRUN | IoUringSetupFlags.IORING_SETUP_TASKRUN_FLAG,
        default,
    ];

    /// <summary>Makes a ring. Any thread may; the first that calls <see cref="Submit"/> owns it.</summary>
    /// <param name="entries">How many calls may be queued at one time, up to 32768; the kernel takes the next power of two. Twice as many may be under way.</param>
    /// <param name="ring">The ring; null on failure.</param>
    /// <param name="reason">Why there is none, and what would allow it; empty on success.</param>
    /// <returns><see cref="Errno.EPERM"/> where <c>kernel.io_uring_disabled</c> or a seccomp profile forbids it; <see cref="Errno.ENOSYS"/>; <see cref="Errno.EINVAL"/> for such a number; <see cref="Errno.ENOMEM"/>.</returns>
    public static Errno TryCreate(uint entries, out IoRing? ring, out string reason) => TryCreate(entries, 0, out ring, out reason);

    /// <summary>As <see cref="TryCreate(uint, out IoRing?, out string)"/>, as on an older kernel.</summary>
    /// <param name="entries">How many.</param>
    /// <param name="first">Which ways not to try: 1 is one that Linux 5.19 has, 2 one that 5.6 has.</param>
    /// <param name="ring">The ring.</param>
    /// <param name="reason">Why there is none.</param>
    internal static Errno TryCreate(uint entries, int first, out IoRing? ring, out string reason)
    {
        ring = null;
        if (!OperatingSystem.IsLinux())
        {
            reason = "io_uring is Linux's";
            return Errno.EOPNOTSUPP;
        }

        IoUringParameters parameters = default;
        nint descriptor = -1;
        Errno errno = Errno.EINVAL;
        for (int way = first; way < s_flags.Length && errno == Errno.EINVAL; way++)
        {
            // SAFETY: the kernel reads and writes one structure, in this frame.
            parameters = new() { Flags = s_flags[way] };
            descriptor = LibC.Syscall(SystemCall.SYS_io_uring_setup, (nint)entries, (nint)(&parameters));
            errno = descriptor < 0 ? LibC.LastError : Errno.None;
        }

        if (errno != Errno.None)
        {
            reason = RingRefusal.Reason(errno, RingRefusal.ReadSetting());
            return errno;
        }

        SafeFileHandle handle = new(descriptor, ownsHandle: true);
        const IoUringFeatures Needed = IoUringFeatures.IORING_FEAT_SINGLE_MMAP | IoUringFeatures.IORING_FEAT_NODROP;
        if ((parameters.Features & Needed) != Needed)
        {
            handle.Dispose();
            reason = RingRefusal.Reason(Errno.ENOSYS, "");
            return Errno.ENOSYS;
        }

        errno = TryMap(handle, in parameters, out ring);
        reason = errno == Errno.None ? "" : RingRefusal.Reason(errno, "");
        return errno;
    }

    private static Errno TryMap(SafeFileHandle handle, in IoUringParameters parameters, out IoRing? ring)
    {
        ring = null;
        nuint queues = Math.Max(
            parameters.SubmissionArray + (parameters.SubmissionEntries * sizeof(uint)),
            parameters.Completions + (parameters.CompletionEntries * (nuint)sizeof(IoUringCompletion)));
        nuint entries = parameters.SubmissionEntries * (nuint)sizeof(IoUringEntry);
        Errno errno = Mapping.TryMap(handle, (ulong)IoUringOffset.IORING_OFF_SQ_RING, Whole(queues), true, out Mapping? queueMemory, out _);
        Mapping? entryMemory = null;
        errno = errno == Errno.None ? Mapping.TryMap(handle, (ulong)IoUringOffset.IORING_OFF_SQES, Whole(entries), true, out entryMemory, out _) : errno;
        if (queueMemory is null || entryMemory is null)
        {
            queueMemory?.Dispose();
            handle.Dispose();
            return errno;
        }

        ring = new(handle, queueMemory, entryMemory, in parameters);
        return Errno.None;
    }

    private static nuint Whole(nuint bytes) => (bytes + (nuint)Environment.SystemPageSize - 1) / (nuint)Environment.SystemPageSize * (nuint)Environment.SystemPageSize;
}
