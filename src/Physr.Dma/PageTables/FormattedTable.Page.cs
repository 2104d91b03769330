// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Dma.Iommu;

namespace Physr.Dma.PageTables;

// One page of 4 KiB, which most calls are about: straight down to its entry. A way that is not there yet, or ends in a larger leaf, is left to the general case.
internal sealed partial class FormattedTable<TFormat>
{
    /// <summary>Bits of an address that select an entry of the top table.</summary>
    private static int TopBits => TFormat.AddressBits(1) - PageSize.Shift4K;

    /// <inheritdoc/>
    public override Errno Map(ulong iova, ulong physical, ulong length, IommuAccess access)
    {
        ulong attributes = TFormat.Attributes(access, _tracksDirty);
        if (length != PageSize.Size4K)
        {
            return MapRun(iova, physical, length, attributes);
        }

        // Lengths are multiples of the smallest leaf, so there are leaves of one page.
        TablePage table = LastTable(iova);
        if (table.IsNull)
        {
            return MapPlanned(iova, physical, length, attributes);
        }

        ref ulong slot = ref table[EntryBits.Index(iova, 1)];
        if (Volatile.Read(ref slot) != 0)
        {
            return Errno.EEXIST;
        }

        Volatile.Write(ref slot, TFormat.Leaf(physical, 1, PageSize.Shift4K, attributes));
        return Errno.None;
    }

    /// <inheritdoc/>
    public override ulong Unmap(ulong iova, ulong last, IotlbGather gather)
    {
        SettleOwed(gather);
        TablePage table = last - iova == PageSize.Size4K - 1 ? LastTable(iova) : default;
        if (table.IsNull)
        {
            return UnmapRun(iova, last, gather);
        }

        ref ulong slot = ref table[EntryBits.Index(iova, 1)];
        ulong entry = Volatile.Read(ref slot);
        if (entry == 0)
        {
            return 0;
        }

        if (TFormat.HasContiguous && TFormat.LeafShift(entry, 1) != PageSize.Shift4K)
        {
            return UnmapRun(iova, last, gather);
        }

        Volatile.Write(ref slot, 0);
        gather.Add(new(iova), PageSize.Size4K);
        return PageSize.Size4K;
    }

    /// <summary>The table that has the entry of a page; null where no such table is there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TablePage LastTable(ulong iova)
    {
        ulong root = Volatile.Read(ref _root);
        int shift = EntryBits.Shift((int)(root & LevelMask));
        if (iova >> shift >> TopBits != 0)
        {
            return default;
        }

        TablePage table = TablePage.Of(root);
        for (; shift > PageSize.Shift4K; shift -= EntryBits.IndexBits)
        {
            ulong entry = Volatile.Read(ref table[(int)(iova >> shift) & (TablePage.Entries - 1)]);
            if (!TFormat.IsTable(entry))
            {
                return default;
            }

            table = TablePage.Of(entry);
        }

        return table;
    }
}
