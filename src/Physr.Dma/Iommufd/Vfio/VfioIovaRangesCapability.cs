// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Vfio;

/// <summary>Which addresses may be mapped; the ranges follow. Laid out as <c>struct vfio_iommu_type1_info_cap_iova_range</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct VfioIovaRangesCapability
{
    /// <summary>Id 1, version 1.</summary>
    public VfioCapabilityHeader Header { get; set; }

    /// <summary>Ranges that follow.</summary>
    public uint Count { get; set; }

    /// <summary>Zero.</summary>
    public uint Reserved { get; set; }
}
