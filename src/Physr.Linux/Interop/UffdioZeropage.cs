// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>Zeros for pages (<c>struct uffdio_zeropage</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
internal struct UffdioZeropage
{
    /// <summary><c>range.start</c>.</summary>
    [FieldOffset(0)]
    public ulong Start;

    /// <summary><c>range.len</c>, in bytes.</summary>
    [FieldOffset(8)]
    public ulong Length;

    /// <summary><c>mode</c>.</summary>
    [FieldOffset(16)]
    public UffdZeropageMode Mode;

    /// <summary><c>zeropage</c>: bytes done, or an error below zero.</summary>
    [FieldOffset(24)]
    public long Done;
}
