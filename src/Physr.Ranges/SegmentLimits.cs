// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>What a streaming device can take as one segment (the kernel's <c>device_dma_parameters</c>; section 2.2, row R62).</summary>
/// <remarks>Limits are applied while a list is read and stored nowhere: one list serves devices of any limits (row R62c).</remarks>
public readonly record struct SegmentLimits
{
    /// <summary>No limit at all.</summary>
    public static SegmentLimits None => default;

    /// <summary>Most bytes in a segment; 0 is no limit.</summary>
    public ulong MaxSegmentSize { get; init; }

    /// <summary>Address bits that may change within a segment, as <c>seg_boundary_mask</c>: 0xffffffff keeps segments within 4 GiB windows; 0 is no limit.</summary>
    public ulong BoundaryMask { get; init; }

    /// <summary>Where a run must be cut, the cut falls on a multiple of this many bytes (a power of two); 0 and 1 are no limit.</summary>
    public ulong MinAlignment { get; init; }

    /// <summary>Most segments in one transfer; 0 is no limit. The reader does not apply it: see <see cref="DmaRangeList.CountSegments"/>.</summary>
    public int MaxSegments { get; init; }

    /// <summary>The length of the first segment of a run of <paramref name="length"/> bytes at <paramref name="address"/>.</summary>
    internal ulong Cut(ulong address, ulong length)
    {
        ulong piece = length;
        if (MaxSegmentSize != 0)
        {
            piece = Math.Min(piece, MaxSegmentSize);
        }

        if (BoundaryMask != 0)
        {
            ulong toBoundary = BoundaryMask - (address & BoundaryMask);
            piece = piece - 1 > toBoundary ? toBoundary + 1 : piece;
        }

        if (piece < length && MinAlignment > 1)
        {
            ulong end = Alignment.Down(address + piece, MinAlignment);
            piece = end > address ? end - address : piece;
        }

        return piece;
    }

    internal void Validate()
    {
        if (MinAlignment > 1 && !System.Numerics.BitOperations.IsPow2(MinAlignment))
        {
            throw new ArgumentException($"MinAlignment {MinAlignment} is not a power of two.");
        }

        if (MinAlignment > 1 && MaxSegmentSize != 0 && MaxSegmentSize < MinAlignment)
        {
            throw new ArgumentException($"MaxSegmentSize {MaxSegmentSize} is smaller than MinAlignment {MinAlignment}: no run can be cut.");
        }

        if (BoundaryMask != 0 && !System.Numerics.BitOperations.IsPow2(BoundaryMask + 1) && BoundaryMask != ulong.MaxValue)
        {
            throw new ArgumentException($"BoundaryMask 0x{BoundaryMask:x} is not a power of two less one.");
        }
    }
}
