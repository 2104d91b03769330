// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>Bytes (<c>struct iovec</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct IoVector
{
    /// <summary><c>iov_base</c>.</summary>
    [FieldOffset(0)]
    public nint Base;

    /// <summary><c>iov_len</c>.</summary>
    [FieldOffset(8)]
    public nuint Length;
}
