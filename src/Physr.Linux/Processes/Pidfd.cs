// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;
using Physr.Linux.Waiting;

namespace Physr.Linux.Processes;

/// <summary>A process, as a descriptor: its number may be given to another process once it is gone, and a descriptor is never another's (<c>pidfd_open(2)</c>, Linux 5.3).</summary>
public sealed class Pidfd : IDisposable
{
    private Pidfd(SafeFileHandle handle) => Handle = handle;

    /// <summary>The descriptor: readable when the process has ended.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Whether it has ended, waited for or not.</summary>
    public bool HasExited => Readiness.Wait(Handle, 0) == Errno.None;

    /// <summary>Opens a process by its number.</summary>
    /// <returns><see cref="Errno.ESRCH"/> where there is none; <see cref="Errno.EINVAL"/> for the number of a thread; <see cref="Errno.EMFILE"/>.</returns>
    public static Errno TryOpen(int processId, out Pidfd? pidfd)
    {
        nint descriptor = LibC.Syscall(SystemCall.SYS_pidfd_open, processId);
        pidfd = descriptor < 0 ? null : new(new(descriptor, ownsHandle: true));
        return descriptor < 0 ? LibC.LastError : Errno.None;
    }

    /// <summary>Sends a signal.</summary>
    /// <param name="signal">Its number; 0 only asks whether it could be sent.</param>
    /// <returns><see cref="Errno.ESRCH"/> where the process has ended; <see cref="Errno.EPERM"/>; <see cref="Errno.EINVAL"/>.</returns>
    public Errno Signal(int signal) => CallWith(handle => LibC.Syscall(SystemCall.SYS_pidfd_send_signal, handle, signal), out _);

    /// <summary>Gets a copy of one of its descriptors; needs the right to trace it. Linux 5.6.</summary>
    /// <param name="descriptor">The number, in that process.</param>
    /// <param name="handle">The copy, which the caller closes; null on failure.</param>
    /// <returns><see cref="Errno.EBADF"/> where it has none of that number; <see cref="Errno.EPERM"/>; <see cref="Errno.ESRCH"/>.</returns>
    public Errno TryGetDescriptor(int descriptor, out SafeFileHandle? handle)
    {
        Errno errno = CallWith(process => LibC.Syscall(SystemCall.SYS_pidfd_getfd, process, descriptor), out nint copy);
        handle = errno == Errno.None ? new(copy, ownsHandle: true) : null;
        return errno;
    }

    /// <summary>Waits for its end. Allocates nothing.</summary>
    /// <param name="timeoutMs">Milliseconds; below zero, for ever.</param>
    /// <returns><see cref="Errno.ETIMEDOUT"/>.</returns>
    public Errno Wait(int timeoutMs) => Readiness.Wait(Handle, timeoutMs);

    /// <summary>Learns how a child of this process ended, once: its number is free then. Never waits.</summary>
    /// <param name="status">Its exit code, or below zero the number of the signal that ended it.</param>
    /// <returns><see cref="Errno.EAGAIN"/> while it runs; <see cref="Errno.ECHILD"/> where it is no child of this process or was waited for.</returns>
    public Errno TryReap(out int status)
    {
        ChildStatus child = default;
        int result;
        Errno errno;
        do
        {
            result = LibC.WaitId(WaitTarget.P_PIDFD, Handle, ref child, WaitOptions.WEXITED | WaitOptions.WNOHANG);
            errno = result == 0 ? Errno.None : LibC.LastError;
        }
        while (errno == Errno.EINTR);

        status = child.Code == ChildCode.CLD_EXITED ? child.Status : -child.Status;
        return errno == Errno.None && child.ProcessId == 0 ? Errno.EAGAIN : errno;
    }

    /// <summary>Closes the descriptor; the process goes on.</summary>
    public void Dispose() => Handle.Dispose();

    private Errno CallWith(Func<nint, nint> call, out nint result)
    {
        bool isHeld = false;
        try
        {
            Handle.DangerousAddRef(ref isHeld);
            result = call(Handle.DangerousGetHandle());
            return result < 0 ? LibC.LastError : Errno.None;
        }
        finally
        {
            if (isHeld)
            {
                Handle.DangerousRelease();
            }
        }
    }
}
