// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>How one thing ended (<c>struct io_uring_cqe</c>); the parts that are used.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct IoUringCompletion
{
    /// <summary><c>user_data</c>.</summary>
    [FieldOffset(0)]
    public ulong Token;

    /// <summary><c>res</c>: bytes, or an error's number less than 0.</summary>
    [FieldOffset(8)]
    public int Result;
}
