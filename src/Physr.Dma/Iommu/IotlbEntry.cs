// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.PageTables;

namespace Physr.Dma.Iommu;

/// <summary>One cached translation: an aligned block of IO virtual addresses of one domain.</summary>
internal struct IotlbEntry
{
    /// <summary>The block's number: its first address shifted by <see cref="Shift"/>.</summary>
    public ulong Block;

    /// <summary>Where the block's first byte lies.</summary>
    public ulong Physical;

    /// <summary>Whose address space.</summary>
    public ushort Domain;

    /// <summary>log2 of the block's size; 0 is an unused entry.</summary>
    public byte Shift;

    /// <summary>Whether the table's dirty bit is known to be set.</summary>
    public bool IsDirty;

    /// <summary>What is allowed.</summary>
    public IommuAccess Access;

    public readonly bool Matches(ushort domain, ulong block, int shift) => Block == block && Shift == shift && Domain == domain;

    public readonly IommuTranslation Translate(ulong iova)
    {
        ulong size = 1UL << Shift;
        return new(new(Physical + (iova & (size - 1))), DmaRange.FromBounds(new(Block << Shift), new((Block << Shift) + size)), Access);
    }
}
