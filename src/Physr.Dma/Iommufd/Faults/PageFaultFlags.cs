// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Faults;

/// <summary>What is said of a page request (<c>enum iommu_hwpt_pgfault_flags</c>).</summary>
[Flags]
public enum PageFaultFlags : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>It names a PASID.</summary>
    PasidValid = 1 << 0,

    /// <summary>It is the last of its group.</summary>
    LastPage = 1 << 1,
}
