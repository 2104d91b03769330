// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.PageTables;

/// <summary>What a device may do at an IO virtual address (the kernel's <c>IOMMU_READ</c>, <c>IOMMU_WRITE</c>, …).</summary>
[Flags]
public enum IommuAccess
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Read.</summary>
    Read = 1 << 0,

    /// <summary>Write.</summary>
    Write = 1 << 1,

    /// <summary>Snoop the CPU's caches.</summary>
    Cache = 1 << 2,

    /// <summary>A device's memory, not RAM.</summary>
    Mmio = 1 << 4,
}
