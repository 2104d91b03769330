// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;

namespace Physr.Dma.PageTables;

// Unmapping: leaves go one by one, a full table that the range covers goes whole, and its pages wait in the gather until nobody can be walking them.
internal sealed partial class FormattedTable<TFormat>
{
    /// <summary>Unmaps what is more than a page, or a part of a larger leaf.</summary>
    private ulong UnmapRun(ulong iova, ulong last, IotlbGather gather)
    {
        ulong root = Volatile.Read(ref _root);
        int level = (int)(root & LevelMask);
        if (iova > Last(level))
        {
            return 0;
        }

        last = Math.Min(last, Last(level));

        // Straight down to the table that holds all of the range.
        TablePage table = TablePage.Of(root);
        while (level > 1 && ((iova ^ last) & ~EntryBits.SpanMask(level)) == 0)
        {
            ulong entry = Volatile.Read(ref table[EntryBits.Index(iova, level)]);
            if (!TFormat.IsTable(entry) || ((last - iova) == EntryBits.SpanMask(level)))
            {
                break;
            }

            table = TablePage.Of(entry);
            level--;
        }

        ulong start = iova;
        ulong next = UnmapIn(table, level, iova, last, ref start, gather.FreedTables);
        if (next == start)
        {
            return 0;
        }

        gather.Add(new(start), next - start);
        return next - start;
    }

    /// <inheritdoc/>
    public override void Free(List<nint> words)
    {
        foreach (nint word in words)
        {
            TablePage table = TablePage.Of((ulong)word);
            if (!Pool.Owns(table))
            {
                throw new PhysrException("free IO page tables", $"table 0x{word:x}", Errno.EINVAL, "The gather holds tables of another page table.");
            }
        }

        TableReserve pages = default;
        foreach (nint word in words)
        {
            Collect(TablePage.Of((ulong)word), (int)((ulong)word & LevelMask), ref pages);
        }

        Pool.Free(ref pages);
        words.Clear();
    }

    /// <summary>Unmaps within one table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="level">Its level.</param>
    /// <param name="iova">From here.</param>
    /// <param name="last">Up to here, included; in the table's span.</param>
    /// <param name="start">Goes down to the start of the first leaf, where that is further down.</param>
    /// <param name="freed">Where tables that were cut off are noted.</param>
    /// <returns>One past what was unmapped: at the hole that stopped it, or beyond <paramref name="last"/>.</returns>
    private static ulong UnmapIn(TablePage table, int level, ulong iova, ulong last, ref ulong start, List<nint> freed)
    {
        ulong span = EntryBits.SpanMask(level);
        int index = EntryBits.Index(iova, level);
        if (level == 1 && !TFormat.HasContiguous)
        {
            int pages = (int)((last >> PageSize.Shift4K) - (iova >> PageSize.Shift4K)) + 1;
            int cleared = table.ClearPresent(index, pages);
            if (cleared == 0)
            {
                return iova;
            }

            iova &= ~span;
            start = Math.Min(start, iova);
            return iova + ((ulong)cleared << PageSize.Shift4K);
        }

        while (true)
        {
            ref ulong slot = ref table[index];
            ulong entry = Volatile.Read(ref slot);
            if (entry == 0)
            {
                return iova;
            }

            if (level > 1 && TFormat.IsTable(entry))
            {
                ulong slotLast = iova | span;
                if ((iova & span) == 0 && slotLast <= last && IsFull(TablePage.Of(entry), level - 1))
                {
                    // Exchanged, so that of two calls that should not be here at once only one frees it.
                    entry = Interlocked.Exchange(ref slot, 0);
                    if (!TFormat.IsTable(entry))
                    {
                        return iova;
                    }

                    freed.Add((nint)((entry & EntryBits.Address) | (uint)(level - 1)));
                    iova = slotLast + 1;
                }
                else
                {
                    iova = UnmapIn(TablePage.Of(entry), level - 1, iova, Math.Min(last, slotLast), ref start, freed);
                    if (iova <= slotLast)
                    {
                        return iova;
                    }
                }
            }
            else
            {
                int shift = TFormat.LeafShift(entry, level);
                iova &= ~((1UL << shift) - 1);
                start = Math.Min(start, iova);
                int first = EntryBits.Index(iova, level);
                _ = table.ClearPresent(first, 1 << (shift - EntryBits.Shift(level)));
                iova += 1UL << shift;
            }

            if (iova > last)
            {
                return iova;
            }

            index = EntryBits.Index(iova, level);
        }
    }

    /// <summary>Whether a table leads somewhere from each of its addresses.</summary>
    private static bool IsFull(TablePage table, int level)
    {
        if (!table.IsFull())
        {
            return false;
        }

        for (int index = 0; level > 1 && index < TablePage.Entries; index++)
        {
            ulong entry = Volatile.Read(ref table[index]);
            if (TFormat.IsTable(entry) && !IsFull(TablePage.Of(entry), level - 1))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Gathers the pages of a table that was cut off.</summary>
    private static void Collect(TablePage table, int level, ref TableReserve pages)
    {
        for (int index = 0; level > 1 && index < TablePage.Entries; index++)
        {
            ulong entry = Interlocked.Exchange(ref table[index], 0);
            if (TFormat.IsTable(entry))
            {
                Collect(TablePage.Of(entry), level - 1, ref pages);
            }
        }

        pages.Put(table, level);
    }
}
