// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Vfio;

/// <summary>How many more mappings may be made. Laid out as <c>struct vfio_iommu_type1_info_dma_avail</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct VfioDmaAvailableCapability
{
    /// <summary>Id 3, version 1.</summary>
    public VfioCapabilityHeader Header { get; set; }

    /// <summary>Mappings.</summary>
    public uint Available { get; set; }
}
