// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>What is known of a file (<c>struct statx</c>); the parts that are read.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct StatxRecord
{
    /// <summary><c>stx_attributes</c>.</summary>
    [FieldOffset(8)]
    public StatxAttributes Attributes;

    /// <summary><c>stx_mode</c>: <see cref="FileModes"/> and permissions.</summary>
    [FieldOffset(28)]
    public ushort Mode;

    /// <summary><c>stx_size</c>, in bytes.</summary>
    [FieldOffset(40)]
    public ulong Size;

    /// <summary><c>stx_blocks</c>: what it takes, in units of 512 bytes.</summary>
    [FieldOffset(48)]
    public ulong Blocks;
}
