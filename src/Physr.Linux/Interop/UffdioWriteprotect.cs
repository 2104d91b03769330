// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>A range to protect (<c>struct uffdio_writeprotect</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
internal struct UffdioWriteprotect
{
    /// <summary><c>range.start</c>.</summary>
    [FieldOffset(0)]
    public ulong Start;

    /// <summary><c>range.len</c>, in bytes.</summary>
    [FieldOffset(8)]
    public ulong Length;

    /// <summary><c>mode</c>.</summary>
    [FieldOffset(16)]
    public UffdWriteprotectMode Mode;
}
