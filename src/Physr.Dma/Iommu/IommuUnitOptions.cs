// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommu;

/// <summary>Sizes of an IOMMU.</summary>
public sealed record IommuUnitOptions
{
    /// <summary>Translations that the IOTLB holds: a power of two, at least 8; or 0 for none, so that every access walks.</summary>
    public int IotlbEntries { get; init; } = 1024;

    /// <summary>Refused accesses kept until they are read.</summary>
    public int FaultRecords { get; init; } = 256;

    /// <summary>Domains that can be attached at a time: VT-d and AMD have 16-bit domain ids, and id 0 is taken.</summary>
    public int MaxDomains { get; init; } = ushort.MaxValue;
}
