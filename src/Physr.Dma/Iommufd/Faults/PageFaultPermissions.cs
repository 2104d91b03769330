// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Faults;

/// <summary>What a device wanted to do where it faulted (<c>enum iommu_hwpt_pgfault_perm</c>).</summary>
[Flags]
public enum PageFaultPermissions : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Read.</summary>
    Read = 1 << 0,

    /// <summary>Write.</summary>
    Write = 1 << 1,

    /// <summary>Execute.</summary>
    Execute = 1 << 2,

    /// <summary>With privilege.</summary>
    Privileged = 1 << 3,
}
