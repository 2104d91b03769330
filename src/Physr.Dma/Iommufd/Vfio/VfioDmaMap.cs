// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Vfio;

/// <summary>Maps the caller's memory. Laid out as <c>struct vfio_iommu_type1_dma_map</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct VfioDmaMap
{
    /// <summary>Bytes of this the caller filled in, or has room for.</summary>
    public uint ArgumentSize { get; set; }

    /// <summary><see cref="VfioMapFlags"/>.</summary>
    public uint Flags { get; set; }

    /// <summary>The first byte, as the caller names it.</summary>
    public ulong UserVa { get; set; }

    /// <summary>Where to.</summary>
    public ulong Iova { get; set; }

    /// <summary>Bytes.</summary>
    public ulong Length { get; set; }
}
