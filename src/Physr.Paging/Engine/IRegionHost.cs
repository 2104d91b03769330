// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Engine;

/// <summary>Who does for a region what nobody waits for.</summary>
internal interface IRegionHost
{
    /// <summary>There is less room than there should be: evict some pages soon.</summary>
    void RunShort(RegionEngine region);

    /// <summary>Pages will probably be needed: bring them in when there is time.</summary>
    void BringAhead(RegionEngine region, ulong first, uint count);

    /// <summary>Has the region's doorbells looked at.</summary>
    void Ring(RegionEngine region);

    /// <summary>Makes room at another region, where this one has nothing to give and all together are over their budget.</summary>
    /// <returns>Pages that left.</returns>
    long EvictElsewhere(RegionEngine region, FaultLane lane);
}
