// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommu;

/// <summary>Which domain a device's IOMMU is asked to make.</summary>
/// <param name="Flags">What it has to be able to do.</param>
/// <param name="Parent">For a nested domain, what translates the addresses it gives; null for a domain of its own.</param>
/// <param name="DataType">How <paramref name="Data"/> is to be read (<c>enum iommu_hwpt_data_type</c>); 0 for no data.</param>
/// <param name="Data">The driver's own parameters: a guest's table pointer, for example.</param>
public readonly record struct IommuDomainRequest(IommuDomainFlags Flags, IIommuDomain? Parent, uint DataType, ReadOnlyMemory<byte> Data)
{
    /// <summary>A plain paging domain with these abilities.</summary>
    public static IommuDomainRequest Paging(IommuDomainFlags flags = IommuDomainFlags.None) => new(flags, null, 0, default);
}
