// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Faults;

/// <summary>The calls that make a userfaultfd, which a system may refuse: the kernel's own, unless a test puts its answers between.</summary>
internal unsafe class UserfaultfdCalls
{
    // SAFETY: pointers are to locals of the caller or to nothing; the kernel keeps none of them.
    private const OpenFlags Flags = OpenFlags.O_CLOEXEC | OpenFlags.O_NONBLOCK;

    /// <summary>The kernel.</summary>
    public static UserfaultfdCalls Kernel { get; } = new();

    /// <summary>One from <c>/dev/userfaultfd</c>: whoever may open that may have all faults.</summary>
    public virtual Errno FromDevice(out SafeFileHandle? file)
    {
        file = null;
        using SafeFileHandle device = LibC.OpenAt(PathFlags.AT_FDCWD, "/dev/userfaultfd", OpenFlags.O_RDWR | OpenFlags.O_CLOEXEC, 0);
        if (device.IsInvalid)
        {
            return LibC.LastError;
        }

        int descriptor = LibC.Ioctl(device, (ulong)UffdIoctl.USERFAULTFD_IOC_NEW, (void*)(nint)Flags);
        return Take(descriptor, out file);
    }

    /// <summary>One from the call.</summary>
    public virtual Errno FromCall(bool isUserModeOnly, out SafeFileHandle? file) =>
        Take((int)LibC.Syscall(SystemCall.SYS_userfaultfd, (nint)Flags | (isUserModeOnly ? (nint)UffdFlags.UFFD_USER_MODE_ONLY : 0)), out file);

    /// <summary>The handshake.</summary>
    public virtual Errno ShakeHands(SafeFileHandle file, ref UffdioApi api)
    {
        UffdioApi argument = api;
        int result = LibC.Ioctl(file, (ulong)UffdIoctl.UFFDIO_API, &argument);
        api = argument;
        return result == 0 ? Errno.None : LibC.LastError;
    }

    private static Errno Take(int descriptor, out SafeFileHandle? file)
    {
        file = descriptor < 0 ? null : new(descriptor, ownsHandle: true);
        return descriptor < 0 ? LibC.LastError : Errno.None;
    }
}
