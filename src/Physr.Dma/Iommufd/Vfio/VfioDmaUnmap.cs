// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Vfio;

/// <summary>Unmaps. Laid out as <c>struct vfio_iommu_type1_dma_unmap</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct VfioDmaUnmap
{
    /// <summary>Bytes of this the caller filled in, or has room for.</summary>
    public uint ArgumentSize { get; set; }

    /// <summary><see cref="VfioUnmapFlags"/>.</summary>
    public uint Flags { get; set; }

    /// <summary>The first address.</summary>
    public ulong Iova { get; set; }

    /// <summary>In: bytes. Out: bytes unmapped.</summary>
    public ulong Length { get; set; }
}
