// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using Physr.Dma.PageTables;

namespace Physr.Dma.Iommufd.Hardware;

/// <content>How an access is translated: first stage, then second.</content>
public sealed partial class VtdNestedDomain
{
    /// <inheritdoc/>
    public bool TryTranslate(DmaAddress iova, out IommuTranslation translation) => TryTranslate(iova, IommuAccess.None, out translation);

    /// <summary>Translates as for a device's access: allows only what both stages do, and marks the guest's entries accessed and dirty.</summary>
    /// <param name="iova">The address the device used.</param>
    /// <param name="wanted">What it wants to do there; <see cref="IommuAccess.None"/> asks and marks nothing.</param>
    /// <param name="translation">Where that is; its leaf is what both stages agree on.</param>
    /// <returns>False where either stage has nothing or does not allow it.</returns>
    public bool TryTranslate(DmaAddress iova, IommuAccess wanted, out IommuTranslation translation)
    {
        translation = default;
        return TryFirstStage(iova, wanted, out VtdStage1Leaf first)
            && Parent.TryTranslate(first.GuestAddressOf(iova), out IommuTranslation second)
            && TryCompose(iova, first, second, wanted, out translation);
    }

    private static bool TryCompose(DmaAddress iova, in VtdStage1Leaf first, in IommuTranslation second, IommuAccess wanted, out IommuTranslation translation)
    {
        // The second stage's leaf, moved to where the first stage shows it, and cut to the first stage's.
        ulong guest = first.GuestAddressOf(iova).Value;
        ulong before = Math.Min(guest - second.Leaf.Start.Value, iova.Value - first.Leaf.Start.Value);
        ulong after = Math.Min(second.Leaf.End.Value - guest, first.Leaf.Start.Value + first.Leaf.Length - iova.Value);
        IommuAccess access = (first.Access & second.Access & (IommuAccess.Read | IommuAccess.Write)) | (second.Access & ~(IommuAccess.Read | IommuAccess.Write));
        translation = new(second.Address, new(new(iova.Value - before), before + after), access);
        return (wanted & ~access & (IommuAccess.Read | IommuAccess.Write)) == IommuAccess.None;
    }

    private bool TryFirstStage(DmaAddress iova, IommuAccess wanted, out VtdStage1Leaf leaf)
    {
        leaf = default;
        long canonical = (long)(iova.Value << (64 - AddressBits)) >> (64 - AddressBits);
        if ((ulong)canonical != iova.Value || iova.Value > ulong.MaxValue - (1UL << 30))
        {
            return false;
        }

        ulong page = iova.Value >> VtdStage1Entry.PageShift;
        bool isWrite = (wanted & IommuAccess.Write) != IommuAccess.None;
        lock (_lock)
        {
            if (_cache.TryGetValue(page, out leaf) && (!isWrite || leaf.IsDirty || (leaf.Access & IommuAccess.Write) == IommuAccess.None))
            {
                return (wanted & ~leaf.Access & (IommuAccess.Read | IommuAccess.Write)) == IommuAccess.None;
            }

            if (!TryWalk(iova, wanted, out leaf))
            {
                return false;
            }

            if (_cache.Count >= CacheCapacity)
            {
                _cache.Clear();
            }

            // A question leaves no mark in the guest's entries, so that the first access still has to walk.
            if (wanted != IommuAccess.None)
            {
                _cache[page] = leaf;
            }

            return true;
        }
    }

    private bool TryWalk(DmaAddress iova, IommuAccess wanted, out VtdStage1Leaf leaf)
    {
        leaf = default;
        IommuAccess allowed = IommuAccess.Read | IommuAccess.Write;
        ulong table = _table;
        Span<byte> bytes = stackalloc byte[VtdStage1Entry.Size];
        for (int level = _levels; level >= 1; level--)
        {
            int shift = VtdStage1Entry.ShiftOf(level);
            ulong index = (iova.Value >> shift) & ((1UL << VtdStage1Entry.BitsPerLevel) - 1);
            if (!Parent.TryTranslate(new(table + (index * VtdStage1Entry.Size)), out IommuTranslation place) || (place.Access & IommuAccess.Read) == IommuAccess.None)
            {
                return false;
            }

            _memory.Read(place.Address, bytes);
            ulong entry = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            bool isLeaf = level == 1 || ((entry & VtdStage1Entry.Large) != 0 && level <= VtdStage1Entry.HighestLeaf);
            const ulong Needed = VtdStage1Entry.Present | VtdStage1Entry.User;
            if ((entry & Needed) != Needed || (!isLeaf && (entry & VtdStage1Entry.Large) != 0))
            {
                return false;
            }

            allowed &= (entry & VtdStage1Entry.Writable) != 0 ? IommuAccess.Read | IommuAccess.Write : IommuAccess.Read;
            ulong address = entry & VtdStage1Entry.AddressMask;
            if (isLeaf)
            {
                ulong size = 1UL << shift;
                if ((wanted & ~allowed & (IommuAccess.Read | IommuAccess.Write)) != IommuAccess.None || (address & (size - 1) & ~((1UL << 13) - 1)) != 0)
                {
                    return false;
                }

                bool isDirty = (entry & VtdStage1Entry.Dirty) != 0 || (wanted & IommuAccess.Write) != IommuAccess.None;
                leaf = new(new(address & ~(size - 1)), new(new(iova.Value & ~(size - 1)), size), allowed, isDirty);
                return TryMark(place, entry, wanted, isLeaf: true);
            }

            if (!TryMark(place, entry, wanted, isLeaf: false))
            {
                return false;
            }

            table = address;
        }

        return false;
    }

    /// <summary>Sets the accessed bits of an entry that is used and the dirty bit of a leaf that is written; false where that is needed and the second stage does not let its
    /// table be written: the hardware faults then.</summary>
    private bool TryMark(in IommuTranslation place, ulong entry, IommuAccess wanted, bool isLeaf)
    {
        ulong marked = entry | VtdStage1Entry.Accessed;
        marked |= (_flags & VtdStage1Flags.ExtendedAccessed) != VtdStage1Flags.None ? VtdStage1Entry.ExtendedAccessed : 0;
        marked |= isLeaf && (wanted & IommuAccess.Write) != IommuAccess.None ? VtdStage1Entry.Dirty : 0;
        if (wanted == IommuAccess.None || marked == entry)
        {
            return true;
        }

        if ((place.Access & IommuAccess.Write) == IommuAccess.None)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[VtdStage1Entry.Size];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, marked);
        _memory.Write(place.Address, bytes);
        return true;
    }
}
