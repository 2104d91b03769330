// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Dma.Iommu;

namespace Physr.Dma.PageTables;

// Walking: by software, which leaves no trace, and by a device, which needs permission and marks what it uses.
internal sealed partial class FormattedTable<TFormat>
{
    /// <inheritdoc/>
    public override bool TryTranslate(ulong iova, out IommuTranslation translation)
    {
        while (true)
        {
            long epoch = Pool.Epoch;
            bool isMapped = Find(iova, out _, out ulong entry, out int level);
            if (epoch == Pool.Epoch)
            {
                translation = isMapped ? Translation(iova, entry, level) : default;
                return isMapped;
            }
        }
    }

    /// <inheritdoc/>
    public override IommuFaultReason Access(ulong iova, bool isWrite, out IommuTranslation translation)
    {
        bool marks = TFormat.AlwaysMarks || _tracksDirty;
        while (true)
        {
            translation = default;
            long epoch = Pool.Epoch;
            bool isMapped = Find(iova, out ulong allowed, out ulong entry, out int level);
            if (epoch != Pool.Epoch)
            {
                continue;
            }

            if (!isMapped)
            {
                return IommuFaultReason.NotMapped;
            }

            if ((allowed & (isWrite ? TFormat.Writable : TFormat.Readable)) == 0)
            {
                return isWrite ? IommuFaultReason.WriteDenied : IommuFaultReason.ReadDenied;
            }

            ulong marked = entry | TFormat.Accessed | (isWrite ? TFormat.Dirty : 0);
            if (marks && marked != entry && !TryMark(iova, level, entry, marked))
            {
                continue;
            }

            translation = Translation(iova, entry, level);
            return IommuFaultReason.None;
        }
    }

    /// <inheritdoc/>
    public override bool TryReadEntry(ulong iova, int level, out ulong entry)
    {
        ulong root = Volatile.Read(ref _root);
        int at = (int)(root & LevelMask);
        entry = 0;
        if (iova > Last(at) || level > at)
        {
            return false;
        }

        TablePage table = TablePage.Of(root);
        for (; ; at--)
        {
            ulong found = Volatile.Read(ref table[EntryBits.Index(iova, at)]);
            if (at == level)
            {
                entry = found;
                return true;
            }

            if (!TFormat.IsTable(found))
            {
                return false;
            }

            table = TablePage.Of(found);
        }
    }

    private static IommuTranslation Translation(ulong iova, ulong entry, int level)
    {
        int shift = TFormat.LeafShift(entry, level);
        ulong offset = iova & ((1UL << shift) - 1);
        return new(new(TFormat.Physical(entry, level) + offset), new(new(iova - offset), 1UL << shift), TFormat.Access(entry));
    }

    /// <summary>Walks down to a leaf.</summary>
    /// <param name="iova">Any address.</param>
    /// <param name="allowed">The bits that are set at every level of the way.</param>
    /// <param name="entry">The last entry.</param>
    /// <param name="level">The level of its table.</param>
    /// <returns>Whether it is a leaf.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Find(ulong iova, out ulong allowed, out ulong entry, out int level)
    {
        ulong root = Volatile.Read(ref _root);
        level = (int)(root & LevelMask);
        allowed = ulong.MaxValue;
        entry = 0;
        if (iova > Last(level))
        {
            return false;
        }

        TablePage table = TablePage.Of(root);
        while (true)
        {
            entry = Volatile.Read(ref table[EntryBits.Index(iova, level)]);
            allowed &= entry;
            if (level == 1 || !TFormat.IsTable(entry))
            {
                return (entry & TFormat.Present) != 0;
            }

            table = TablePage.Of(entry);
            level--;
        }
    }

    /// <summary>Marks the leaf that was found, and the way to it where hardware does; false when the leaf has changed meanwhile.</summary>
    private bool TryMark(ulong iova, int leafLevel, ulong entry, ulong marked)
    {
        ulong root = Volatile.Read(ref _root);
        TablePage table = TablePage.Of(root);
        for (int level = (int)(root & LevelMask); level > leafLevel; level--)
        {
            ref ulong slot = ref table[EntryBits.Index(iova, level)];
            ulong way = Volatile.Read(ref slot);
            if (!TFormat.IsTable(way))
            {
                return false;
            }

            if (TFormat.MarksTables && (way & TFormat.Accessed) == 0)
            {
                _ = Interlocked.CompareExchange(ref slot, way | TFormat.Accessed, way);
            }

            table = TablePage.Of(way);
        }

        return Interlocked.CompareExchange(ref table[EntryBits.Index(iova, leafLevel)], marked, entry) == entry;
    }
}
