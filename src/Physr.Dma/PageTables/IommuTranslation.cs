// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.PageTables;

/// <summary>What a walk found: where an IO virtual address leads, and how far the leaf it is in goes on.</summary>
/// <param name="Address">The physical address of the byte asked for.</param>
/// <param name="Leaf">The IO virtual addresses that the leaf covers (a contiguous run of entries is one leaf).</param>
/// <param name="Access">What is allowed there.</param>
public readonly record struct IommuTranslation(PhysicalAddress Address, DmaRange Leaf, IommuAccess Access)
{
    /// <summary>Bytes from the address asked for to the leaf's end.</summary>
    public ulong ContiguousAfter(DmaAddress asked) => Leaf.End.Value - asked.Value;
}
