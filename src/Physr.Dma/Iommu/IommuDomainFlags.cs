// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommu;

/// <summary>What a domain is asked to be able to do; the values are <c>enum iommufd_hwpt_alloc_flags</c>'s.</summary>
[Flags]
public enum IommuDomainFlags
{
    /// <summary>To translate.</summary>
    None = 0,

    /// <summary>To be the parent of nested domains: the addresses it translates are themselves translated from.</summary>
    NestParent = 1 << 0,

    /// <summary>To track which pages devices wrote; devices that cannot may not attach (row R77).</summary>
    DirtyTracking = 1 << 1,

    /// <summary>To report what is not mapped to a fault queue (row R78).</summary>
    ReportFaults = 1 << 2,

    /// <summary>To be attached to a process address space of a device.</summary>
    Pasid = 1 << 3,
}
