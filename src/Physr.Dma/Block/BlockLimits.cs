// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Block;

/// <summary>What a block queue takes as one physical segment.</summary>
/// <param name="MaxSegmentSize">Most bytes in it; 0 is no limit.</param>
/// <param name="BoundaryMask">Address bits that may change within it, as <c>seg_boundary_mask</c>; 0 is no limit.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct BlockLimits(ulong MaxSegmentSize, ulong BoundaryMask)
{
    internal SegmentLimits Segments => new() { MaxSegmentSize = MaxSegmentSize, BoundaryMask = BoundaryMask };
}
