// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>What an object of a context is (<c>enum iommufd_object_type</c>).</summary>
public enum IommufdObjectKind
{
    /// <summary>A device bound to the context.</summary>
    Device,

    /// <summary>A hardware page table that follows an I/O address space.</summary>
    PagingTable,

    /// <summary>A hardware page table that a guest writes, on top of a paging one.</summary>
    NestedTable,

    /// <summary>An I/O address space.</summary>
    AddressSpace,

    /// <summary>In-kernel use of an I/O address space, without an IOMMU.</summary>
    Access,

    /// <summary>Where page faults of devices wait for an answer.</summary>
    FaultQueue,

    /// <summary>A guest's share of an IOMMU.</summary>
    VirtualIommu,

    /// <summary>A device as a guest's IOMMU knows it.</summary>
    VirtualDevice,

    /// <summary>Where events of a virtual IOMMU are read.</summary>
    VirtualEventQueue,

    /// <summary>A queue of the hardware that a guest works on its own.</summary>
    HardwareQueue,
}
