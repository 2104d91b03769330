// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommu;

/// <summary>A domain in one IOMMU: the id that its IOTLB entries bear, and how many rows of the device table lead to it.</summary>
/// <param name="domain">The domain.</param>
/// <param name="id">Its id here.</param>
internal sealed class IommuDomainSlot(IommuDomain domain, ushort id)
{
    public IommuDomain Domain { get; } = domain;

    public ushort Id { get; } = id;

    /// <summary>Guarded by the unit's lock.</summary>
    public int Rows { get; set; }
}
