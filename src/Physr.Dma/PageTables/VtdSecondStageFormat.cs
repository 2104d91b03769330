// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.PageTables;

/// <summary>Intel VT-d specification, section 9 (second-stage paging entries): 3, 4 or 5 levels for 39, 48 or 57 bits of address.</summary>
/// <remarks>Present means readable or writable. Accessed and dirty are marked at every level, only where the PASID entry asks for it (SSADE).</remarks>
internal readonly struct VtdSecondStageFormat : IIoPageTableFormat
{
    private const ulong R = 1UL << 0;
    private const ulong W = 1UL << 1;
    private const ulong PS = 1UL << 7;
    private const ulong A = 1UL << 8;
    private const ulong D = 1UL << 9;
    private const ulong Snp = 1UL << 11;

    public static int FewestLevels => 3;

    public static int UsualLevels => 3;

    public static int MostLevels => 5;

    public static ulong PageSizes => PageSize.Size4K | PageSize.Size2M | PageSize.Size1G;

    public static bool HasContiguous => false;

    public static bool AlwaysMarks => false;

    public static bool MarksTables => true;

    public static ulong Present => R | W;

    public static ulong Readable => R;

    public static ulong Writable => W;

    public static ulong Accessed => A;

    public static ulong Dirty => D;

    /// <summary>Bits 10 and 52 to 61.</summary>
    public static int SoftwareBits => 11;

    public static ulong SoftwareBit(int number) => 1UL << (number == 0 ? 10 : 51 + number);

    public static int AddressBits(int levels) => PageSize.Shift4K + (EntryBits.IndexBits * levels);

    public static ulong Table(ulong address, int level) => address | R | W;

    public static bool IsTable(ulong entry) => (entry & (R | W)) != 0 && (entry & PS) == 0;

    public static ulong Leaf(ulong physical, int level, int shift, ulong attributes) => physical | attributes | (level > 1 ? PS : 0);

    public static int LeafShift(ulong entry, int level) => EntryBits.Shift(level);

    public static ulong Physical(ulong entry, int level) => entry & EntryBits.Address & ~EntryBits.SpanMask(level);

    public static ulong Attributes(IommuAccess access, bool tracksDirty) =>
        ((access & IommuAccess.Read) != IommuAccess.None ? R : 0)
        | ((access & IommuAccess.Write) != IommuAccess.None ? W : 0)
        | ((access & IommuAccess.Cache) != IommuAccess.None ? Snp : 0)
        | ((access & IommuAccess.Mmio) != IommuAccess.None ? SoftwareBit(0) : 0);

    public static IommuAccess Access(ulong entry) =>
        ((entry & R) != 0 ? IommuAccess.Read : IommuAccess.None)
        | ((entry & W) != 0 ? IommuAccess.Write : IommuAccess.None)
        | ((entry & Snp) != 0 ? IommuAccess.Cache : IommuAccess.None)
        | ((entry & SoftwareBit(0)) != 0 ? IommuAccess.Mmio : IommuAccess.None);
}
