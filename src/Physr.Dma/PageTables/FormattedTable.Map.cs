// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;

namespace Physr.Dma.PageTables;

// Mapping: straight in where the range is one run of leaves in a table that is there; else look, take the pages that are missing, and only then write.
internal sealed partial class FormattedTable<TFormat>
{
    /// <summary>Maps more than a page: straight in where it is one run of leaves.</summary>
    private Errno MapRun(ulong iova, ulong physical, ulong length, ulong attributes)
    {
        ulong root = Volatile.Read(ref _root);
        int level = (int)(root & LevelMask);
        if (iova + (length - 1) <= Last(level))
        {
            PageRun run = PageRun.At(PageSizes & Last(level), iova, physical, length);
            if (run.Length == length)
            {
                TablePage table = TablePage.Of(root);
                ulong entry = 0;
                while (level > run.Level && TFormat.IsTable(entry = Volatile.Read(ref table[EntryBits.Index(iova, level)])))
                {
                    table = TablePage.Of(entry);
                    level--;
                }

                if (level == run.Level)
                {
                    int index = EntryBits.Index(iova, level);
                    if (table.IsEmpty(index, run.Slots))
                    {
                        WriteLeaves(table, index, run, physical, attributes);
                        return Errno.None;
                    }
                }
                else if (entry != 0)
                {
                    return Errno.EEXIST;
                }
            }
        }

        return MapPlanned(iova, physical, length, attributes);
    }

    /// <summary>Writes leaves into entries that are absent.</summary>
    private static void WriteLeaves(TablePage table, int index, PageRun run, ulong physical, ulong attributes)
    {
        ulong leaf = TFormat.Leaf(physical, run.Level, run.Shift, attributes);
        if (!TFormat.HasContiguous || run.SlotsShift == 0)
        {
            table.Fill(index, run.Leaves, leaf, 1UL << run.Shift);
            return;
        }

        for (int i = 0, slots = 1 << run.SlotsShift; i < run.Leaves; i++, index += slots, leaf += 1UL << run.Shift)
        {
            table.Fill(index, slots, leaf, 0);
        }
    }

    private Errno MapPlanned(ulong iova, ulong physical, ulong length, ulong attributes)
    {
        int levels = LevelsFor(iova + (length - 1), Levels);
        ulong sizes = PageSizes & Last(levels);
        PerLevel<long> needs = default;
        Errno errno = Plan(levels, sizes, iova, physical, length, needs);
        if (errno != Errno.None)
        {
            return errno;
        }

        TableReserve reserve = default;
        if (!Pool.TryTake(needs, ref reserve))
        {
            return Errno.ENOMEM;
        }

        ulong written = 0;
        errno = Grow(levels, ref reserve) ? Write(sizes, iova, physical, length, attributes, ref reserve, out written) : Errno.ENOMEM;
        Pool.Return(ref reserve);
        if (errno != Errno.None && written != 0)
        {
            // Only when another call used the same addresses at once. What was written may have been seen: the next unmap invalidates it.
            IotlbGather undone = new();
            Unmap(iova, iova + (written - 1), undone);
            Owe(undone);
        }

        return errno;
    }

    /// <summary>Writes a range that was planned.</summary>
    private Errno Write(ulong sizes, ulong iova, ulong physical, ulong length, ulong attributes, ref TableReserve reserve, out ulong written)
    {
        for (written = 0; written < length;)
        {
            ulong address = iova + written;
            PageRun run = PageRun.At(sizes, address, physical + written, length - written);
            Errno errno = WriteRun(run, address, physical + written, attributes, ref reserve);
            if (errno != Errno.None)
            {
                return errno;
            }

            written += run.Length;
        }

        return Errno.None;
    }

    private Errno WriteRun(PageRun run, ulong iova, ulong physical, ulong attributes, ref TableReserve reserve)
    {
        ulong root = Volatile.Read(ref _root);
        TablePage table = TablePage.Of(root);
        for (int level = (int)(root & LevelMask); level > run.Level; level--)
        {
            ref ulong slot = ref table[EntryBits.Index(iova, level)];
            ulong entry = Volatile.Read(ref slot);
            if (entry == 0)
            {
                TablePage child = reserve.Take(level - 1);
                if (child.IsNull)
                {
                    return Errno.ENOMEM;
                }

                // A table that the run fills is filled before anybody can walk it.
                bool isFilled = level - 1 == run.Level && run.Leaves == TablePage.Entries;
                if (isFilled)
                {
                    child.FillUnseen(TFormat.Leaf(physical, run.Level, run.Shift, attributes), 1UL << run.Shift);
                }
                else
                {
                    child.Clear();
                }

                ulong made = TFormat.Table((ulong)child.Address, level - 1);
                entry = Interlocked.CompareExchange(ref slot, made, 0);
                if (entry == 0)
                {
                    if (isFilled)
                    {
                        return Errno.None;
                    }

                    entry = made;
                }
                else
                {
                    reserve.Put(child, level - 1);
                }
            }

            if (!TFormat.IsTable(entry))
            {
                return Errno.EEXIST;
            }

            table = TablePage.Of(entry);
        }

        int index = EntryBits.Index(iova, run.Level);
        if (run.Level > 1 && !table.IsEmpty(index, run.Slots))
        {
            CutEmptied(table, index, run, iova);
        }

        WriteLeaves(table, index, run, physical, attributes);
        return Errno.None;
    }

    /// <summary>Cuts off the emptied tables that larger leaves replace (<c>test_map_table_to_oa</c>). A walker that is in one of them finds nothing, as if it had been earlier.</summary>
    private void CutEmptied(TablePage table, int index, PageRun run, ulong iova)
    {
        for (int end = index + run.Slots; index < end; index++)
        {
            ulong entry = Interlocked.Exchange(ref table[index], 0);
            if (TFormat.IsTable(entry))
            {
                Owe(iova, run.Length, (nint)((entry & EntryBits.Address) | (uint)(run.Level - 1)));
            }
        }
    }
}
