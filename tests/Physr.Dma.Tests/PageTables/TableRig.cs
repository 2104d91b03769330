// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using Physr.Dma.Iommu;
using Physr.Dma.PageTables;

namespace Physr.Dma.Tests.PageTables;

/// <summary>What the page table tests share: the formats, short calls, and a count of the tables that a walk can reach.</summary>
internal static class TableRig
{
    public const IommuAccess ReadWrite = IommuAccess.Read | IommuAccess.Write;

    public static TheoryData<IoPageTableFormat> Formats => [IoPageTableFormat.AmdV1, IoPageTableFormat.VtdSecondStage, IoPageTableFormat.X86_64];

    public static Errno Map(this IoPageTable table, ulong iova, ulong physical, ulong length, IommuAccess access = ReadWrite) =>
        table.Map(new DmaAddress(iova), new PhysicalAddress(physical), length, access);

    public static ulong Unmap(this IoPageTable table, ulong iova, ulong length)
    {
        IotlbGather gather = new();
        ulong unmapped = table.Unmap(new(iova), length, gather);
        table.FreeTables(gather);
        return unmapped;
    }

    /// <summary>Where an address leads; null where it does not.</summary>
    public static ulong? Walk(this IoPageTable table, ulong iova) => table.TryTranslate(new(iova), out IommuTranslation found) ? found.Address.Value : null;

    public static DmaRange Leaf(this IoPageTable table, ulong iova)
    {
        Assert.True(table.TryTranslate(new(iova), out IommuTranslation found));
        Assert.True(found.Leaf.Contains(new DmaAddress(iova)));
        return found.Leaf;
    }

    public static ulong Entry(this IoPageTable table, ulong iova, int level)
    {
        Assert.True(table.TryReadEntry(new(iova), level, out ulong entry));
        return entry;
    }

    /// <summary>The sizes in a mask, upwards.</summary>
    public static IEnumerable<ulong> Sizes(ulong mask)
    {
        for (; mask != 0; mask &= mask - 1)
        {
            yield return 1UL << BitOperations.TrailingZeroCount(mask);
        }
    }

    /// <summary>How many tables lead from one to the next, the top included.</summary>
    public static long Reachable(this IoPageTable table) => table.Format switch
    {
        IoPageTableFormat.AmdV1 => Reachable<AmdV1Format>(table, 0, table.Levels),
        IoPageTableFormat.VtdSecondStage => Reachable<VtdSecondStageFormat>(table, 0, table.Levels),
        _ => Reachable<X86_64Format>(table, 0, table.Levels),
    };

    private static long Reachable<TFormat>(IoPageTable table, ulong start, int level)
        where TFormat : struct, IIoPageTableFormat
    {
        long tables = 1;
        int bits = TFormat.AddressBits(level) - EntryBits.Shift(level);
        int entries = level == table.Levels && bits < EntryBits.IndexBits ? 1 << bits : TablePage.Entries;
        for (int index = 0; level > 1 && index < entries; index++)
        {
            ulong iova = start + ((ulong)index << EntryBits.Shift(level));
            if (TFormat.IsTable(table.Entry(iova, level)))
            {
                tables += Reachable<TFormat>(table, iova, level - 1);
            }
        }

        return tables;
    }
}
