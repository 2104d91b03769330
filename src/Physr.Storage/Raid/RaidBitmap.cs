// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;

namespace Physr.Storage.Raid;

/// <summary>Where a mirror may differ: a bit for each region, on every member before the region is written. A bit is cleared when nothing of its region is under way and the members
/// have flushed.</summary>
internal sealed class RaidBitmap
{
    private const ulong BlockBytes = RaidLayout.BlockBytes;
    private const ulong BitsPerBlock = BlockBytes * 8;

    private readonly RaidArray _array;
    private readonly CoalescedWrite?[] _blocks = new CoalescedWrite?[(int)(RaidLayout.BitmapBytes / BlockBytes)];
    private readonly SortedSet<ulong> _unsynced = [];

    public RaidBitmap(RaidArray array, ulong regionBytes)
    {
        _array = array;
        RegionBytes = regionBytes;
        Regions = (array.Geometry.ArrayBytes + regionBytes - 1) / regionBytes;
    }

    /// <summary>Bytes of the array for each bit.</summary>
    public ulong RegionBytes { get; }

    /// <summary>How many regions there are.</summary>
    public ulong Regions { get; }

    /// <summary>How many regions have copies that may differ since before the array was started.</summary>
    public int UnsyncedCount => _unsynced.Count;

    /// <summary>A region of which copies may differ; the lowest.</summary>
    public ulong FirstUnsynced => _unsynced.Min;

    /// <summary>Whether copies of a region may differ since before the array was started.</summary>
    public bool IsUnsynced(ulong region) => _unsynced.Count != 0 && _unsynced.Contains(region);

    /// <summary>Whether a region's bit is set.</summary>
    public bool IsMarked(ulong region) => (_array.Pool.BitmapBytes[(int)(region >> 3)] & (1 << (int)(region & 7))) != 0;

    /// <summary>Sets the bit of a region, and ends when every member has it.</summary>
    public Step<bool> Mark(ulong region)
    {
        CoalescedWrite block = BlockOf(region);
        if (!IsMarked(region))
        {
            _array.Pool.BitmapBytes[(int)(region >> 3)] |= (byte)(1 << (int)(region & 7));
            block.Touch();
        }

        return block.Settle();
    }

    /// <summary>Copies of a region agree.</summary>
    public void Synced(ulong region) => _unsynced.Remove(region);

    /// <summary>A write of a region ended badly: copies may differ until they are made to agree.</summary>
    public void Unsync(ulong region) => _unsynced.Add(region);

    /// <summary>Takes over what a member says: bits of regions that may differ.</summary>
    public void Merge(ReadOnlySpan<byte> stored)
    {
        Span<byte> bits = _array.Pool.BitmapBytes;
        for (ulong region = 0; region < Regions; region++)
        {
            int at = (int)(region >> 3);
            int bit = 1 << (int)(region & 7);
            if ((stored[at] & bit) != 0)
            {
                bits[at] |= (byte)bit;
                _unsynced.Add(region);
            }
        }
    }

    /// <summary>Says that any region may differ.</summary>
    public void MarkAll()
    {
        for (ulong region = 0; region < Regions; region++)
        {
            _array.Pool.BitmapBytes[(int)(region >> 3)] |= (byte)(1 << (int)(region & 7));
            _unsynced.Add(region);
        }
    }

    /// <summary>How many bits are set for regions that agree.</summary>
    public int ClearableCount
    {
        get
        {
            int marked = 0;
            foreach (byte each in _array.Pool.BitmapBytes[..(int)((Regions + 7) >> 3)])
            {
                marked += BitOperations.PopCount(each);
            }

            return marked - _unsynced.Count;
        }
    }

    /// <summary>Clears the bits of regions that agree; the members have flushed, and nothing is under way.</summary>
    public Step<bool> ClearSynced()
    {
        Span<byte> bits = _array.Pool.BitmapBytes;
        bits.Clear();
        foreach (ulong region in _unsynced)
        {
            bits[(int)(region >> 3)] |= (byte)(1 << (int)(region & 7));
        }

        return WriteAll();
    }

    /// <summary>Writes all of it to every member.</summary>
    public async Step<bool> WriteAll()
    {
        for (ulong region = 0; region < Regions; region += BitsPerBlock)
        {
            CoalescedWrite block = BlockOf(region);
            block.Touch();
            await block.Settle();
        }

        return true;
    }

    private CoalescedWrite BlockOf(ulong region)
    {
        int block = (int)(region / BitsPerBlock);
        return _blocks[block] ??= new(() => WriteBlock((ulong)block), _array.Ready);
    }

    private async Step<bool> WriteBlock(ulong block)
    {
        MemberWork work = new(_array.Roles.Length);
        foreach (RaidMember member in _array.Roles)
        {
            if (member.IsWritable)
            {
                work.Start(member, BioOperation.Write, RaidLayout.BitmapOffset + (block * BlockBytes), _array.Pool.Bitmap(block * BlockBytes, BlockBytes), BioFlags.ForceUnitAccess);
            }
        }

        if (!await work)
        {
            _array.ReportFailedWrites(work);
        }

        return true;
    }
}
