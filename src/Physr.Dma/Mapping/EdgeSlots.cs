// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Mapping;

/// <summary>The bounce slots that hold the partial granules at a range's two ends.</summary>
internal struct EdgeSlots
{
    /// <summary>Where the head's bytes are; null where the range begins with a granule.</summary>
    public PhysicalAddress? Head;

    /// <summary>Where the tail's bytes are; null where the range ends with a granule, or in the one it begins in.</summary>
    public PhysicalAddress? Tail;

    /// <summary>Whether there is any.</summary>
    public readonly bool Any => Head is not null || Tail is not null;
}
