// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <content>The calls of io_uring.</content>
internal static partial class SystemCall
{
    /// <summary><c>io_uring_setup(2)</c>: entries, <see cref="IoUringParameters"/>. A descriptor.</summary>
    public static nint SYS_io_uring_setup => 425;

    /// <summary><c>io_uring_enter(2)</c>: ring, entries to take, completions to wait for, <see cref="IoUringEnterFlags"/>, no signals. How many were taken.</summary>
    public static nint SYS_io_uring_enter => 426;

    /// <summary><c>io_uring_register(2)</c>: ring, <see cref="IoUringRegisterOperation"/>, argument, count.</summary>
    public static nint SYS_io_uring_register => 427;
}
