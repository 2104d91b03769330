// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;

namespace Physr.Storage;

/// <summary>What a device takes as one request (the kernel's <c>struct queue_limits</c>).</summary>
public sealed record BlockQueueLimits
{
    /// <summary>The unit of addressing, in bytes: a power of two, 512 to 4096. Sectors of a bio are always 512 bytes, in multiples of this.</summary>
    public uint LogicalBlockBytes { get; init; } = 512;

    /// <summary>Most sectors of 512 bytes in one request; 0 is no limit.</summary>
    public ulong MaxSectors { get; init; }

    /// <summary>Most segments in one request; 0 is no limit.</summary>
    public int MaxSegments { get; init; }

    /// <summary>Most bytes in one segment; 0 is no limit.</summary>
    public ulong MaxSegmentBytes { get; init; }

    /// <summary>Address bits that may change within a segment (<c>seg_boundary_mask</c>); 0 is no limit.</summary>
    public ulong BoundaryMask { get; init; }

    /// <summary>A request never crosses a multiple of so many sectors (<c>chunk_sectors</c>: stripes, zones); 0 is no limit.</summary>
    public ulong ChunkSectors { get; init; }

    /// <summary>Most sectors of one discard; 0 means the device does not discard.</summary>
    public ulong MaxDiscardSectors { get; init; }

    /// <summary>Most sectors of one write of zeroes; 0 is no limit.</summary>
    public ulong MaxWriteZeroesSectors { get; init; }

    /// <summary>Whether all memory of a request must be one owner's: how a device reaches it is asked once for a request (section 1.10).</summary>
    public bool SingleProvider { get; init; }

    /// <summary>Address bits that must be zero at the start and the length of each entry (<c>dma_alignment</c>).</summary>
    public ulong AlignmentMask { get; init; } = 3;

    /// <summary>Whether completed writes may be lost by a power cut until a flush (<c>BLK_FEAT_WRITE_CACHE</c>).</summary>
    public bool HasVolatileCache { get; init; }

    /// <summary>How often a failed request is tried again, where trying may help.</summary>
    public int Retries { get; init; } = 3;

    /// <summary>What of them concerns one segment.</summary>
    public BlockLimits SegmentLimits => new(MaxSegmentBytes, BoundaryMask);
}
