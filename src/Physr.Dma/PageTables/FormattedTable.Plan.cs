// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.PageTables;

// Looking before mapping: whether every entry is free, and how many tables are missing.
internal sealed partial class FormattedTable<TFormat>
{
    /// <summary>Looks at what a mapping would write.</summary>
    /// <param name="levels">How many levels the table will have grown to.</param>
    /// <param name="sizes">The leaf sizes to use.</param>
    /// <param name="iova">Where it begins.</param>
    /// <param name="physical">Where it leads.</param>
    /// <param name="length">How long it is.</param>
    /// <param name="needs">Gets how many tables of each level are missing.</param>
    /// <returns><see cref="Errno.EEXIST"/>, or <see cref="Errno.ENOMEM"/> when that many pages are never to be had.</returns>
    private Errno Plan(int levels, ulong sizes, ulong iova, ulong physical, ulong length, Span<long> needs)
    {
        ulong root = Volatile.Read(ref _root);
        int top = (int)(root & LevelMask);

        // The largest leaf there can be in it tells how many tables it fills at least: too many are refused without a look at each.
        int largest = PageRun.BestShift(sizes, iova ^ physical, length);
        if (length >> EntryBits.Shift(EntryBits.LevelOf(largest) + 1) > (ulong)Pool.MostPages)
        {
            return Errno.ENOMEM;
        }

        long room = Pool.Room;
        for (int level = top + 1; level <= levels; level++)
        {
            needs[level] = 1;
            room--;
        }

        for (ulong done = 0; done < length;)
        {
            ulong address = iova + done;
            PageRun run = PageRun.At(sizes, address, physical + done, length - done);
            int missing = Descend(root, levels, address, run, out TablePage table);
            if (missing < 0 || (missing == 0 && !IsFree(table, EntryBits.Index(address, run.Level), run.Slots, run.Level)))
            {
                return Errno.EEXIST;
            }

            // A table that is missing from level l - 1 down is counted by the first run that needs it: the one that begins where the table does, or the first of all.
            for (int level = run.Level; level < missing; level++)
            {
                if (done == 0 || (address & EntryBits.SpanMask(level + 1)) == 0)
                {
                    needs[level]++;
                    room--;
                }
            }

            if (room < 0)
            {
                return Errno.ENOMEM;
            }

            done += run.Length;
        }

        return Errno.None;
    }

    /// <summary>Walks to the table that a run goes into, through the tops that are to come: each of them leads to the one below by its entry 0, and nowhere else.</summary>
    /// <returns>0 when it is there; the level of the entry that is absent; -1 when a leaf is in the way.</returns>
    private static int Descend(ulong root, int levels, ulong iova, PageRun run, out TablePage table)
    {
        table = TablePage.Of(root);
        int level = levels;
        for (int top = (int)(root & LevelMask); level > top; level--)
        {
            if (EntryBits.Index(iova, level) != 0)
            {
                return level;
            }
        }

        for (; level > run.Level; level--)
        {
            ulong entry = Volatile.Read(ref table[EntryBits.Index(iova, level)]);
            if (!TFormat.IsTable(entry))
            {
                return entry == 0 ? level : -1;
            }

            table = TablePage.Of(entry);
        }

        return 0;
    }

    /// <summary>Whether a run of entries holds no leaf, in it or in the tables it leads to.</summary>
    private static bool IsFree(TablePage table, int index, int slots, int level)
    {
        if (table.IsEmpty(index, slots))
        {
            return true;
        }

        for (int end = index + slots; index < end; index++)
        {
            ulong entry = Volatile.Read(ref table[index]);
            if (entry != 0 && (level == 1 || !TFormat.IsTable(entry) || !IsFree(TablePage.Of(entry), 0, TablePage.Entries, level - 1)))
            {
                return false;
            }
        }

        return true;
    }
}
