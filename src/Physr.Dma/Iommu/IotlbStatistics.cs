// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommu;

/// <summary>What an IOTLB has done so far.</summary>
/// <param name="Hits">Accesses that it answered.</param>
/// <param name="Misses">Accesses that had to walk.</param>
/// <param name="TableReads">Table entries read by those walks, one a level: what they cost in memory accesses.</param>
/// <param name="DirtyWalks">First writes through a cached leaf that was not dirty yet: walks that only set the dirty bit.</param>
/// <param name="RangeInvalidations">Commands to forget some addresses of a domain.</param>
/// <param name="DomainInvalidations">Commands to forget a domain.</param>
/// <param name="GlobalInvalidations">Commands to forget everything.</param>
/// <param name="Dropped">Entries that those commands found.</param>
/// <param name="Evictions">Entries that made room for others.</param>
/// <param name="Entries">Entries that are held now.</param>
public readonly record struct IotlbStatistics(
    long Hits,
    long Misses,
    long TableReads,
    long DirtyWalks,
    long RangeInvalidations,
    long DomainInvalidations,
    long GlobalInvalidations,
    long Dropped,
    long Evictions,
    int Entries)
{
    /// <summary>Invalidation commands of every kind.</summary>
    public long Invalidations => RangeInvalidations + DomainInvalidations + GlobalInvalidations;
}
