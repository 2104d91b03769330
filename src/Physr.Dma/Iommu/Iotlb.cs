// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using Physr.Dma.PageTables;

namespace Physr.Dma.Iommu;

/// <summary>Translations that an IOMMU remembers, so that it need not walk: set-associative, keyed by domain and block. A block is the largest power of two around the
/// address that the leaf holds: 4 KiB, 2 MiB, 1 GiB and, where a format has them, the sizes between.</summary>
/// <remarks>The IOMMU's lock guards it. It holds what was true when it was filled, until told to forget: lazy flushing shows.</remarks>
internal sealed class Iotlb
{
    private const int Ways = 8;

    /// <summary>No block is larger: the sum of an address and a size stays within 64 bits.</summary>
    private const int MostShift = 39;

    // Spreads domains over the sets: neighbouring blocks of one domain stay in neighbouring sets.
    private const uint DomainSpread = 0x9e37_79b1;

    private readonly IotlbEntry[] _entries;
    private readonly byte[] _hands;
    private readonly int[] _liveOfShift = new int[MostShift + 1];
    private readonly int _sets;
    private ulong _shifts;
    private int _live;

    /// <summary>Makes an empty cache.</summary>
    /// <param name="entries">A power of two from 8, or 0 for none.</param>
    public Iotlb(int entries)
    {
        if (entries != 0 && (entries < Ways || !BitOperations.IsPow2(entries)))
        {
            throw new ArgumentOutOfRangeException(nameof(entries), entries, "An IOTLB holds 0 entries, or a power of two from 8.");
        }

        _entries = new IotlbEntry[entries];
        _sets = entries / Ways;
        _hands = new byte[_sets];
    }

    /// <summary>Entries held now.</summary>
    public int Live => _live;

    /// <summary>Entries that made room for others.</summary>
    public long Evictions { get; private set; }

    /// <summary>The entry around an address; a null reference where there is none.</summary>
    public ref IotlbEntry Find(ushort domain, ulong iova)
    {
        for (ulong shifts = _shifts; shifts != 0; shifts &= shifts - 1)
        {
            int shift = BitOperations.TrailingZeroCount(shifts);
            ulong block = iova >> shift;
            foreach (ref IotlbEntry entry in SetOf(domain, block))
            {
                if (entry.Matches(domain, block, shift))
                {
                    return ref entry;
                }
            }
        }

        return ref System.Runtime.CompilerServices.Unsafe.NullRef<IotlbEntry>();
    }

    /// <summary>Remembers what a walk found; what was there for the same block is replaced.</summary>
    public void Insert(ushort domain, ulong iova, in IommuTranslation found, bool isDirty)
    {
        if (_sets == 0)
        {
            return;
        }

        int shift = LargestBlock(iova, found.Leaf);
        ulong block = iova >> shift;
        Span<IotlbEntry> set = SetOf(domain, block);
        int chosen = -1;
        for (int i = 0; i < set.Length; i++)
        {
            if (set[i].Matches(domain, block, shift))
            {
                chosen = i;
                break;
            }

            if (set[i].Shift == 0 && chosen < 0)
            {
                chosen = i;
            }
        }

        if (chosen < 0)
        {
            ref byte hand = ref _hands[SetIndex(domain, block)];
            chosen = hand;
            hand = (byte)((hand + 1) % Ways);
            Evictions++;
        }

        Drop(ref set[chosen]);
        set[chosen] = new()
        {
            Block = block,
            Physical = found.Address.Value - (iova & ((1UL << shift) - 1)),
            Domain = domain,
            Shift = (byte)shift,
            Access = found.Access,
            IsDirty = isDirty,
        };
        _live++;
        _liveOfShift[shift]++;
        _shifts |= 1UL << shift;
    }

    /// <summary>Forgets each block of a domain that has an address in <c>[start, end)</c>.</summary>
    /// <returns>How many there were.</returns>
    public int Invalidate(ushort domain, ulong start, ulong end)
    {
        int before = _live;
        for (ulong shifts = _shifts; shifts != 0; shifts &= shifts - 1)
        {
            int shift = BitOperations.TrailingZeroCount(shifts);
            ulong first = start >> shift;
            ulong last = (end - 1) >> shift;
            if (last - first >= (ulong)_sets)
            {
                // More blocks than sets: looking at each entry is cheaper than looking for each block.
                Sweep(domain, shift, first, last);
                continue;
            }

            for (ulong block = first; block <= last; block++)
            {
                foreach (ref IotlbEntry entry in SetOf(domain, block))
                {
                    if (entry.Matches(domain, block, shift))
                    {
                        Drop(ref entry);
                    }
                }
            }
        }

        return before - _live;
    }

    /// <summary>Forgets a domain.</summary>
    /// <returns>How many blocks of it there were.</returns>
    public int Invalidate(ushort domain)
    {
        int before = _live;
        foreach (ref IotlbEntry entry in _entries.AsSpan())
        {
            if (entry.Shift != 0 && entry.Domain == domain)
            {
                Drop(ref entry);
            }
        }

        return before - _live;
    }

    /// <summary>Forgets everything.</summary>
    /// <returns>How many blocks there were.</returns>
    public int InvalidateAll()
    {
        int before = _live;
        Array.Clear(_entries);
        Array.Clear(_liveOfShift);
        _shifts = 0;
        _live = 0;
        return before;
    }

    private static int LargestBlock(ulong iova, DmaRange leaf)
    {
        int shift = Math.Min(MostShift, BitOperations.Log2(leaf.Length));
        while (shift > 1 && !leaf.Contains(new DmaRange(new((iova >> shift) << shift), 1UL << shift)))
        {
            shift--;
        }

        return shift;
    }

    private void Sweep(ushort domain, int shift, ulong first, ulong last)
    {
        foreach (ref IotlbEntry entry in _entries.AsSpan())
        {
            if (entry.Shift == shift && entry.Domain == domain && entry.Block >= first && entry.Block <= last)
            {
                Drop(ref entry);
            }
        }
    }

    private void Drop(ref IotlbEntry entry)
    {
        if (entry.Shift == 0)
        {
            return;
        }

        _live--;
        if (--_liveOfShift[entry.Shift] == 0)
        {
            _shifts &= ~(1UL << entry.Shift);
        }

        entry = default;
    }

    private Span<IotlbEntry> SetOf(ushort domain, ulong block) => _entries.AsSpan(SetIndex(domain, block) * Ways, Ways);

    private int SetIndex(ushort domain, ulong block) => (int)((block ^ (domain * DomainSpread)) & (uint)(_sets - 1));
}
