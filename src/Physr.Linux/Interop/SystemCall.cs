// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>The numbers of the calls that the C library has no function for (<c>sys/syscall.h</c>): old ones have one number on x86-64 and another on arm64, new ones (from 424 on) the same.</summary>
internal static partial class SystemCall
{
    private static readonly bool s_isX64 = RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary><c>gettid(2)</c>.</summary>
    public static nint SYS_gettid => s_isX64 ? 186 : 178;

    /// <summary><c>futex(2)</c>.</summary>
    public static nint SYS_futex => s_isX64 ? 202 : 98;

    /// <summary><c>userfaultfd(2)</c>.</summary>
    public static nint SYS_userfaultfd => s_isX64 ? 323 : 282;

    /// <summary><c>pidfd_send_signal(2)</c>.</summary>
    public static nint SYS_pidfd_send_signal => 424;

    /// <summary><c>pidfd_open(2)</c>.</summary>
    public static nint SYS_pidfd_open => 434;

    /// <summary><c>pidfd_getfd(2)</c>.</summary>
    public static nint SYS_pidfd_getfd => 438;
}
