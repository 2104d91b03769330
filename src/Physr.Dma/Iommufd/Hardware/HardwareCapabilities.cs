// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>What a device's IOMMU can do, as users are told (<c>enum iommufd_hw_capabilities</c>).</summary>
[Flags]
public enum HardwareCapabilities : ulong
{
    /// <summary>Nothing beyond mapping.</summary>
    None = 0,

    /// <summary>Dirty tracking.</summary>
    DirtyTracking = 1 << 0,

    /// <summary>The device may execute in process address spaces.</summary>
    PasidExecute = 1 << 1,

    /// <summary>The device may be privileged in process address spaces.</summary>
    PasidPrivileged = 1 << 2,
}
