// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>A range (<c>struct uffdio_range</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct UffdioRange
{
    /// <summary><c>start</c>.</summary>
    [FieldOffset(0)]
    public ulong Start;

    /// <summary><c>len</c>, in bytes.</summary>
    [FieldOffset(8)]
    public ulong Length;
}
