// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Vfio;

/// <summary>What <c>VFIO_CHECK_EXTENSION</c> can be asked, and what <c>VFIO_SET_IOMMU</c> can choose.</summary>
public enum VfioExtension : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Type 1: a mapping may be unmapped in part.</summary>
    Type1 = 1,

    /// <summary>IBM's windows; not here.</summary>
    SpaprTce = 2,

    /// <summary>Type 1, second version: mappings are unmapped whole.</summary>
    Type1V2 = 3,

    /// <summary>Whether devices' accesses always snoop the CPU's caches.</summary>
    DmaCoherent = 4,

    /// <summary>IBM's error handling; not here.</summary>
    Eeh = 5,

    /// <summary>Nesting, which was never finished; not here.</summary>
    Type1Nesting = 6,

    /// <summary>IBM's windows, second version; not here.</summary>
    SpaprTceV2 = 7,

    /// <summary>Devices behind no IOMMU; not here.</summary>
    NoIommu = 8,

    /// <summary>Everything can be unmapped in one call.</summary>
    UnmapAll = 9,

    /// <summary>The caller's addresses can be changed; not here.</summary>
    UpdateVirtualAddress = 10,
}
