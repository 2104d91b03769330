// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Memory;

/// <summary>Neighbouring pages of which the same is true (<c>struct page_region</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public readonly struct PageRegion
{
    [FieldOffset(0)]
    private readonly ulong _start;

    [FieldOffset(8)]
    private readonly ulong _end;

    [FieldOffset(16)]
    private readonly PageCategories _categories;

    /// <summary>The first byte.</summary>
    public nint Start => (nint)_start;

    /// <summary>The byte after the last.</summary>
    public nint End => (nint)_end;

    /// <summary>What is true of them, as far as it was asked.</summary>
    public PageCategories Categories => _categories;

    /// <summary>Where they are and what is true of them.</summary>
    public override string ToString() => $"0x{_start:x}-0x{_end:x}: {_categories}";
}
