// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommu;

/// <summary>What the IOMMU in front of a device can do for it (the kernel's <c>IOMMU_HW_CAP_*</c> and <c>iommu_capable</c>).</summary>
[Flags]
public enum IommuCapabilities
{
    /// <summary>Nothing beyond mapping.</summary>
    None = 0,

    /// <summary>Its domains can track which pages were written.</summary>
    DirtyTracking = 1 << 0,

    /// <summary>Its domains snoop the CPU's caches whatever the device asks for.</summary>
    CacheCoherency = 1 << 1,

    /// <summary>An access to what is not mapped can wait for an answer instead of failing (row R78).</summary>
    PageFaults = 1 << 2,

    /// <summary>The device may ask for execution in a process address space.</summary>
    PasidExecute = 1 << 3,

    /// <summary>The device may ask for privileged access in a process address space.</summary>
    PasidPrivileged = 1 << 4,
}
