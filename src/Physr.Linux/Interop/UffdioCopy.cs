// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>Bytes for pages (<c>struct uffdio_copy</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
internal struct UffdioCopy
{
    /// <summary><c>dst</c>.</summary>
    [FieldOffset(0)]
    public ulong Destination;

    /// <summary><c>src</c>: of the caller.</summary>
    [FieldOffset(8)]
    public ulong Source;

    /// <summary><c>len</c>, in bytes.</summary>
    [FieldOffset(16)]
    public ulong Length;

    /// <summary><c>mode</c>.</summary>
    [FieldOffset(24)]
    public UffdCopyMode Mode;

    /// <summary><c>copy</c>: bytes done, or an error below zero.</summary>
    [FieldOffset(32)]
    public long Done;
}
