// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>IO virtual addresses from a first to a last one, both included, so that the whole 64-bit space is one range (<c>struct iommu_iova_range</c>).</summary>
/// <param name="Start">The first address.</param>
/// <param name="Last">The last address.</param>
public readonly record struct IovaRange(DmaAddress Start, DmaAddress Last)
{
    /// <summary>Every address there is.</summary>
    public static IovaRange Everything => new(new(0), new(ulong.MaxValue));

    /// <inheritdoc/>
    public override string ToString() => $"{Start}..{Last}";
}
