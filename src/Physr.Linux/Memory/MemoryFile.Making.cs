// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Memory;

/// <content>Making one, or taking one over.</content>
public sealed partial class MemoryFile
{
    private const Seals Fixed = Seals.F_SEAL_SHRINK | Seals.F_SEAL_GROW | Seals.F_SEAL_SEAL;
    private const Seals Growing = Seals.F_SEAL_SHRINK | Seals.F_SEAL_SEAL;

    /// <summary>Makes one of zeros, whose length nobody can change. It takes memory as it is touched.</summary>
    /// <param name="name">A name for <c>/proc</c>, of 249 bytes at most.</param>
    /// <param name="length">Bytes: a multiple of the page, not 0.</param>
    /// <param name="file">The file; null on failure.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.EINVAL"/> for such a name or length; <see cref="Errno.EMFILE"/>, <see cref="Errno.ENFILE"/>; <see cref="Errno.EFBIG"/>.</returns>
    public static Errno TryCreate(string name, ulong length, out MemoryFile? file, out string reason) =>
        TryMake(name, length, (ulong)Environment.SystemPageSize, default, Fixed, out file, out reason);

    /// <summary>Makes one of large pages (hugetlbfs), whose length nobody can change. The pages are taken from the system's pool, where it is mapped.</summary>
    /// <param name="name">A name for <c>/proc</c>, of 249 bytes at most.</param>
    /// <param name="length">Bytes: a multiple of the large page, not 0.</param>
    /// <param name="size">The large page.</param>
    /// <param name="file">The file; null on failure.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.EINVAL"/> for such a name or length; <see cref="Errno.ENODEV"/> where the system has no such pages; <see cref="Errno.EMFILE"/>, <see cref="Errno.ENFILE"/>.</returns>
    public static Errno TryCreateHuge(string name, ulong length, HugePageSize size, out MemoryFile? file, out string reason) =>
        TryMake(name, length, 1UL << (int)size, MemfdFlags.MFD_HUGETLB | (MemfdFlags)((uint)size << 26), Fixed, out file, out reason);

    /// <summary>Makes an empty one that can be made longer (<see cref="TryGrow"/>) and never shorter.</summary>
    /// <param name="name">A name for <c>/proc</c>, of 249 bytes at most.</param>
    /// <param name="file">The file; null on failure.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.EINVAL"/> for such a name; <see cref="Errno.EMFILE"/>, <see cref="Errno.ENFILE"/>.</returns>
    public static Errno TryCreateGrowable(string name, out MemoryFile? file, out string reason) => TryMake(name, 0, 0, default, Growing, out file, out reason);

    /// <summary>Takes over a descriptor that another process sent. What could become shorter is refused: whoever sent it could make every touch here a SIGBUS.</summary>
    /// <param name="received">The descriptor. This object closes it from now on, unless the call fails.</param>
    /// <param name="leastLength">Bytes that it must have.</param>
    /// <param name="file">The file; null on failure.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.EBADF"/> for what is closed; <see cref="Errno.EINVAL"/> for what is no file in memory or too short; <see cref="Errno.EPERM"/> for what is not sealed against shrinking.</returns>
    public static Errno TryAdopt(SafeFileHandle received, ulong leastLength, out MemoryFile? file, out string reason)
    {
        file = null;
        Errno errno = DescriptorKind.TryOf(received, out string kind, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        int seals = LibC.Fcntl(received, DescriptorCommand.F_GET_SEALS, 0);
        if (seals < 0 || !kind.StartsWith("/memfd:", StringComparison.Ordinal))
        {
            reason = $"a file in memory (memfd) is needed, and this is {kind}";
            return Errno.EINVAL;
        }

        if (((Seals)seals & Seals.F_SEAL_SHRINK) == default)
        {
            reason = $"{kind} could be made shorter at any time: seal it with F_SEAL_SHRINK";
            return Errno.EPERM;
        }

        if (LibC.Statx(received, "", PathFlags.AT_EMPTY_PATH, StatxMask.STATX_BASIC_STATS, out StatxRecord record) != 0)
        {
            errno = LibC.LastError;
            reason = $"{kind} cannot be asked for its length: the kernel says {errno}";
            return errno;
        }

        if (record.Size < leastLength)
        {
            reason = $"{kind} has {record.Size} bytes, and {leastLength} are needed";
            return Errno.EINVAL;
        }

        file = new(received, record.Size);
        return Errno.None;
    }

    private static Errno TryMake(string name, ulong length, ulong unit, MemfdFlags flags, Seals seals, out MemoryFile? file, out string reason)
    {
        file = null;
        reason = "";
        if (name.Contains('\0') || (unit != 0 && (length == 0 || length % unit != 0)) || length > long.MaxValue)
        {
            reason = name.Contains('\0') ? "a name with a zero character in it names no file" : $"{name}: it would have {length} bytes: a multiple of {unit} that is not 0 is needed";
            return Errno.EINVAL;
        }

        SafeFileHandle handle = LibC.MemfdCreate(name, MemfdFlags.MFD_CLOEXEC | MemfdFlags.MFD_ALLOW_SEALING | flags);
        bool isMade = !handle.IsInvalid && LibC.Ftruncate(handle, (long)length) == 0 && LibC.Fcntl(handle, DescriptorCommand.F_ADD_SEALS, (int)seals) == 0;
        if (isMade)
        {
            file = new(handle, length);
            return Errno.None;
        }

        Errno errno = LibC.LastError;
        handle.Dispose();
        bool isHuge = flags != default;
        reason = errno switch
        {
            Errno.EINVAL when !isHuge => $"{name}: a name has 249 bytes at most",
            Errno.EINVAL or Errno.ENOENT or Errno.ENODEV or Errno.ENOSYS when isHuge => $"{name}: this system has no pages of {unit} bytes: see /sys/kernel/mm/hugepages, and set vm.nr_hugepages",
            Errno.EPERM when isHuge => $"{name}: this user may not have large pages: see vm.hugetlb_shm_group",
            _ => $"{name}: {MappingRules.Meaning(errno)}",
        };
        return isHuge && errno is Errno.ENOENT or Errno.ENOSYS ? Errno.ENODEV : errno;
    }
}
