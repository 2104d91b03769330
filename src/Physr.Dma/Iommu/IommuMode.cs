// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommu;

/// <summary>What an IOMMU does with a requester's accesses (the kernel's <c>IOMMU_DOMAIN_*</c>).</summary>
public enum IommuMode
{
    /// <summary>Nothing is attached: every access faults.</summary>
    None,

    /// <summary>Every access faults, on purpose.</summary>
    Blocked,

    /// <summary>Addresses are physical already (<c>iommu=pt</c>).</summary>
    Identity,

    /// <summary>Addresses are looked up in a domain.</summary>
    Translated,
}
