// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>A scan (<c>struct pm_scan_arg</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 96)]
internal struct PageScanArgument
{
    /// <summary><c>size</c> of this.</summary>
    [FieldOffset(0)]
    public ulong Size;

    /// <summary><c>flags</c>.</summary>
    [FieldOffset(8)]
    public PageScanFlags Flags;

    /// <summary><c>start</c>.</summary>
    [FieldOffset(16)]
    public ulong Start;

    /// <summary><c>end</c>.</summary>
    [FieldOffset(24)]
    public ulong End;

    /// <summary><c>walk_end</c>: where it stopped.</summary>
    [FieldOffset(32)]
    public ulong WalkEnd;

    /// <summary><c>vec</c>: where regions go.</summary>
    [FieldOffset(40)]
    public ulong Vector;

    /// <summary><c>vec_len</c>: how many.</summary>
    [FieldOffset(48)]
    public ulong VectorLength;

    /// <summary><c>max_pages</c>: 0 is no limit.</summary>
    [FieldOffset(56)]
    public ulong MaximumPages;

    /// <summary><c>category_inverted</c>.</summary>
    [FieldOffset(64)]
    public ulong Inverted;

    /// <summary><c>category_mask</c>: all of them.</summary>
    [FieldOffset(72)]
    public ulong Mask;

    /// <summary><c>category_anyof_mask</c>: at least one of them.</summary>
    [FieldOffset(80)]
    public ulong AnyOfMask;

    /// <summary><c>return_mask</c>: what regions tell.</summary>
    [FieldOffset(88)]
    public ulong ReturnMask;
}
