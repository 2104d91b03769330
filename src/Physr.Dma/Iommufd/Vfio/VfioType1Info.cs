// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Vfio;

/// <summary>What the VFIO type-1 view can map. Laid out as <c>struct vfio_iommu_type1_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct VfioType1Info
{
    /// <summary>Bytes of this the caller filled in, or has room for.</summary>
    public uint ArgumentSize { get; set; }

    /// <summary>Out: 1 where page sizes are told, 2 where capabilities can be.</summary>
    public uint Flags { get; set; }

    /// <summary>Out: a bit for each page size.</summary>
    public ulong PageSizes { get; set; }

    /// <summary>Out: where the first capability is, from here; 0 where there was no room for them.</summary>
    public uint CapabilityOffset { get; set; }

    /// <summary>Zero.</summary>
    public uint Reserved { get; set; }
}
