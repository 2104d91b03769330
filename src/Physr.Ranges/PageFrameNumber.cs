// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>The number of a 4 KiB frame of physical memory (the kernel's <c>pfn</c>). It says where, never what kind: the kind is the type of the
/// pagemap or provider that owns it (row R84).</summary>
/// <param name="Value">Physical address divided by 4096.</param>
public readonly record struct PageFrameNumber(ulong Value) : IComparable<PageFrameNumber>
{
    /// <summary>The first byte of the frame.</summary>
    /// <exception cref="OverflowException">The frame lies beyond the 64-bit physical address space.</exception>
    public PhysicalAddress Address => new(checked(Value * PageSize.Size4K));

    /// <summary>The frame <paramref name="frames"/> further up.</summary>
    /// <exception cref="OverflowException">The sum does not fit in 64 bits.</exception>
    public PageFrameNumber Add(ulong frames) => new(checked(Value + frames));

    /// <inheritdoc/>
    public int CompareTo(PageFrameNumber other) => Value.CompareTo(other.Value);

    /// <summary>The frame number as <c>pfn 0x</c> and hexadecimal digits.</summary>
    public override string ToString() => $"pfn 0x{Value:x}";
}
