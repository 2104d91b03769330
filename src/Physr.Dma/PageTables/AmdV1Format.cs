// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;

namespace Physr.Dma.PageTables;

/// <summary>AMD IOMMU specification 48882, section 2.2.3 (I/O page tables for host translations): 1 to 6 levels, the last translating all 64 bits.</summary>
/// <remarks>
/// Next level (bits 11:9) tells an entry's kind: 0 is a leaf of the level's own size, 1 to 6 lead to a table of that level, 7 is a leaf that takes 2^n entries, each holding
/// the same words. Such a leaf's size is in its address: bits 12 and up are ones, then a zero; the zero is at log2(size) - 1 (8 KiB: bit 12 is 0; 16 KiB: 01; 32 KiB: 011).
/// Every power of two is a size, but for 512 GiB, which hardware gets wrong. Accessed and dirty are marked in leaves, where the device table entry asks for it (HAD).
/// </remarks>
internal readonly struct AmdV1Format : IIoPageTableFormat
{
    private const ulong PR = 1UL << 0;
    private const ulong A = 1UL << 5;
    private const ulong D = 1UL << 6;
    private const int NextLevelShift = 9;
    private const ulong SizeInAddress = 7UL << NextLevelShift;
    private const ulong FC = 1UL << 60;
    private const ulong IR = 1UL << 61;
    private const ulong IW = 1UL << 62;

    public static int FewestLevels => 1;

    public static int UsualLevels => 3;

    public static int MostLevels => 6;

    /// <summary>4 KiB to 2^51 bytes, without 512 GiB.</summary>
    public static ulong PageSizes => (EntryBits.PhysicalEnd - PageSize.Size4K) & ~(1UL << 39);

    public static bool HasContiguous => true;

    public static bool AlwaysMarks => false;

    public static bool MarksTables => false;

    public static ulong Present => PR;

    public static ulong Readable => IR;

    public static ulong Writable => IW;

    public static ulong Accessed => A;

    public static ulong Dirty => D;

    /// <summary>Bits 1 to 4.</summary>
    public static int SoftwareBits => 4;

    public static ulong SoftwareBit(int number) => 2UL << number;

    public static int AddressBits(int levels) => Math.Min(64, PageSize.Shift4K + (EntryBits.IndexBits * levels));

    public static ulong Table(ulong address, int level) => address | PR | ((ulong)level << NextLevelShift) | IR | IW;

    /// <summary>Next level is 1 to 6: one more than it has a bit above the lowest, which 0 + 1 and 7 + 1 have not.</summary>
    public static bool IsTable(ulong entry) => ((entry + (1UL << NextLevelShift)) & (6UL << NextLevelShift)) != 0;

    public static ulong Leaf(ulong physical, int level, int shift, ulong attributes) =>
        shift == EntryBits.Shift(level)
            ? physical | attributes
            : physical | ((1UL << (shift - 1)) - PageSize.Size4K) | SizeInAddress | attributes;

    public static int LeafShift(ulong entry, int level) =>
        (entry & SizeInAddress) == 0 ? EntryBits.Shift(level) : BitOperations.TrailingZeroCount(~(entry | (PageSize.Size4K - 1))) + 1;

    public static ulong Physical(ulong entry, int level) => entry & EntryBits.Address & ~((1UL << LeafShift(entry, level)) - 1);

    public static ulong Attributes(IommuAccess access, bool tracksDirty) =>
        PR
        | ((access & IommuAccess.Read) != IommuAccess.None ? IR : 0)
        | ((access & IommuAccess.Write) != IommuAccess.None ? IW : 0)
        | ((access & IommuAccess.Cache) != IommuAccess.None ? FC : 0)
        | ((access & IommuAccess.Mmio) != IommuAccess.None ? SoftwareBit(0) : 0);

    public static IommuAccess Access(ulong entry) =>
        ((entry & IR) != 0 ? IommuAccess.Read : IommuAccess.None)
        | ((entry & IW) != 0 ? IommuAccess.Write : IommuAccess.None)
        | ((entry & FC) != 0 ? IommuAccess.Cache : IommuAccess.None)
        | ((entry & SoftwareBit(0)) != 0 ? IommuAccess.Mmio : IommuAccess.None);
}
