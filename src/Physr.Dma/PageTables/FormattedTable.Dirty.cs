// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;

namespace Physr.Dma.PageTables;

// Which leaves were written through.
internal sealed partial class FormattedTable<TFormat>
{
    /// <inheritdoc/>
    public override void ReadDirty(ulong iova, ulong last, bool clear, IotlbGather gather, Action<DmaRange> dirty)
    {
        ulong root = Volatile.Read(ref _root);
        int level = (int)(root & LevelMask);
        if (iova <= Last(level))
        {
            ReadDirtyIn(TablePage.Of(root), level, iova, Math.Min(last, Last(level)), clear, gather, dirty);
        }
    }

    private static void ReadDirtyIn(TablePage table, int level, ulong iova, ulong last, bool clear, IotlbGather gather, Action<DmaRange> dirty)
    {
        ulong span = EntryBits.SpanMask(level);
        for (int index = EntryBits.Index(iova, level); ;)
        {
            ulong entry = Volatile.Read(ref table[index]);
            ulong leafMask = span;
            if (level > 1 && TFormat.IsTable(entry))
            {
                ReadDirtyIn(TablePage.Of(entry), level - 1, iova, Math.Min(last, iova | span), clear, gather, dirty);
            }
            else if (entry != 0)
            {
                int shift = TFormat.LeafShift(entry, level);
                leafMask = (1UL << shift) - 1;
                ulong start = iova & ~leafMask;
                if (IsDirty(table, EntryBits.Index(start, level), 1 << (shift - EntryBits.Shift(level)), clear))
                {
                    ulong end = Math.Min(last, iova | leafMask);
                    if (clear)
                    {
                        gather.Add(new(start), leafMask + 1);
                    }

                    dirty(new(new(iova), end - iova + 1));
                }
            }

            if ((iova | leafMask) >= last)
            {
                return;
            }

            iova = (iova | leafMask) + 1;
            index = EntryBits.Index(iova, level);
        }
    }

    /// <summary>Whether any entry of a leaf is dirty. Hardware marks the one it went through.</summary>
    private static bool IsDirty(TablePage table, int index, int slots, bool clear)
    {
        bool isDirty = false;
        for (int end = index + slots; index < end; index++)
        {
            ref ulong slot = ref table[index];
            if ((Volatile.Read(ref slot) & TFormat.Dirty) != 0)
            {
                isDirty = true;
                if (clear)
                {
                    _ = Interlocked.And(ref slot, ~TFormat.Dirty);
                }
            }
        }

        return isDirty;
    }
}
