// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>One thing that is asked for (<c>struct io_uring_sqe</c>); the parts that are used.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal struct IoUringEntry
{
    /// <summary><c>opcode</c>.</summary>
    [FieldOffset(0)]
    public IoUringOperation Operation;

    /// <summary><c>fd</c>.</summary>
    [FieldOffset(4)]
    public int Descriptor;

    /// <summary><c>off</c>: where in the file.</summary>
    [FieldOffset(8)]
    public ulong Offset;

    /// <summary><c>addr</c>: where in memory.</summary>
    [FieldOffset(16)]
    public ulong Address;

    /// <summary><c>len</c>, in bytes.</summary>
    [FieldOffset(24)]
    public uint Length;

    /// <summary><c>rw_flags</c>, which is also <c>fsync_flags</c> (<see cref="IoUringSync"/>) and <c>cancel_flags</c> (<see cref="IoUringCancel"/>).</summary>
    [FieldOffset(28)]
    public uint Flags;

    /// <summary><c>user_data</c>: comes back with the completion.</summary>
    [FieldOffset(32)]
    public ulong Token;
}
