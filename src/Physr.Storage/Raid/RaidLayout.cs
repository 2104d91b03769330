// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>Where things lie on each member: two superblocks, the write-intent bitmap, the journal, the data.</summary>
internal readonly record struct RaidLayout
{
    /// <summary>Bytes of a superblock, and what metadata is aligned to.</summary>
    public const ulong BlockBytes = 4096;

    /// <summary>The second copy of the superblock.</summary>
    public const ulong SecondSuperblock = BlockBytes;

    /// <summary>The bitmap.</summary>
    public const ulong BitmapOffset = 64 << 10;

    /// <summary>Bytes of the bitmap.</summary>
    public const ulong BitmapBytes = 64 << 10;

    /// <summary>The journal.</summary>
    public const ulong JournalOffset = 128 << 10;

    /// <summary>Most bytes of a chunk that are worked on at once.</summary>
    public const uint MaxSegmentBytes = 64 << 10;

    private const ulong LeastRegionBytes = 64 << 10;

    private RaidLayout(uint segmentBytes, ulong slotBytes, int slots, ulong dataOffset)
    {
        SegmentBytes = segmentBytes;
        SlotBytes = slotBytes;
        Slots = slots;
        DataOffset = dataOffset;
    }

    /// <summary>Bytes of a chunk that are worked on at once.</summary>
    public uint SegmentBytes { get; }

    /// <summary>Bytes of an entry of the journal.</summary>
    public ulong SlotBytes { get; }

    /// <summary>Entries of the journal; 0 without parity.</summary>
    public int Slots { get; }

    /// <summary>Where data begins: a multiple of 2 MiB, so that an array of aligned members can be mapped by 2 MiB entries.</summary>
    public ulong DataOffset { get; }

    /// <summary>The layout of an array.</summary>
    public static RaidLayout Of(RaidLevel level, int members, uint chunkBytes, int slots)
    {
        bool hasParity = level is RaidLevel.Raid5 or RaidLevel.Raid6;
        uint segment = Math.Min(chunkBytes, MaxSegmentBytes);
        ulong slot = BlockBytes + ((ulong)members * segment);
        slots = hasParity ? slots : 0;
        return new(segment, slot, slots, Alignment.Up(JournalOffset + ((ulong)slots * slot), PageSize.Size2M));
    }

    /// <summary>Bytes of the array for which one bit of the bitmap stands: a power of two that holds whole chunks.</summary>
    public static ulong RegionBytes(RaidGeometry geometry)
    {
        ulong region = Math.Max(geometry.ChunkBytes, LeastRegionBytes);
        while (geometry.ArrayBytes / region >= BitmapBytes * 8)
        {
            region <<= 1;
        }

        return region;
    }
}
