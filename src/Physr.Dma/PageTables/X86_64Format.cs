// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.PageTables;

/// <summary>x86-64 long-mode tables: Intel SDM volume 3A, section 4.5 (4-level and 5-level paging); AMD IOMMU specification 48882, guest (v2) tables; Intel VT-d
/// specification, first-stage tables.</summary>
/// <remarks>Addresses are canonical. A domain uses the lower half, so a table of 4 levels translates 47 bits and one of 5 levels 56: hardware faults on bit 47 (56) set
/// alone. A page that may be written may be read.</remarks>
internal readonly struct X86_64Format : IIoPageTableFormat
{
    private const ulong P = 1UL << 0;
    private const ulong RW = 1UL << 1;
    private const ulong US = 1UL << 2;
    private const ulong A = 1UL << 5;
    private const ulong D = 1UL << 6;
    private const ulong PS = 1UL << 7;

    public static int FewestLevels => 4;

    public static int UsualLevels => 4;

    public static int MostLevels => 5;

    public static ulong PageSizes => PageSize.Size4K | PageSize.Size2M | PageSize.Size1G;

    public static bool HasContiguous => false;

    public static bool AlwaysMarks => true;

    /// <summary>It does, but <see cref="Table"/> has it done already.</summary>
    public static bool MarksTables => false;

    public static ulong Present => P;

    public static ulong Readable => P;

    public static ulong Writable => RW;

    public static ulong Accessed => A;

    public static ulong Dirty => D;

    /// <summary>Bits 9, 10, 11 and 52 to 58.</summary>
    public static int SoftwareBits => 10;

    public static ulong SoftwareBit(int number) => 1UL << (number < 3 ? 9 + number : 49 + number);

    public static int AddressBits(int levels) => 11 + (EntryBits.IndexBits * levels);

    public static ulong Table(ulong address, int level) => address | P | RW | US | A;

    public static bool IsTable(ulong entry) => (entry & (P | PS)) == P;

    public static ulong Leaf(ulong physical, int level, int shift, ulong attributes) => physical | attributes | (level > 1 ? PS : 0);

    public static int LeafShift(ulong entry, int level) => EntryBits.Shift(level);

    public static ulong Physical(ulong entry, int level) => entry & EntryBits.Address & ~EntryBits.SpanMask(level);

    public static ulong Attributes(IommuAccess access, bool tracksDirty)
    {
        ulong bits = P | US | A;
        if ((access & IommuAccess.Write) != IommuAccess.None)
        {
            bits |= tracksDirty ? RW : RW | D;
        }

        // No bit of its own says either: the software bits keep them for whoever reads the table back.
        return bits | ((access & IommuAccess.Mmio) != IommuAccess.None ? SoftwareBit(0) : 0) | ((access & IommuAccess.Cache) != IommuAccess.None ? SoftwareBit(1) : 0);
    }

    public static IommuAccess Access(ulong entry) =>
        IommuAccess.Read
        | ((entry & RW) != 0 ? IommuAccess.Write : IommuAccess.None)
        | ((entry & SoftwareBit(0)) != 0 ? IommuAccess.Mmio : IommuAccess.None)
        | ((entry & SoftwareBit(1)) != 0 ? IommuAccess.Cache : IommuAccess.None);
}
