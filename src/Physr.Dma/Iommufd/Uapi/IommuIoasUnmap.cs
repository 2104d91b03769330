// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>Unmaps every mapping that lies in a range. Laid out as <c>struct iommu_ioas_unmap</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuIoasUnmap
{
    /// <summary>How many bytes of this the caller filled in.</summary>
    public uint Size { get; set; }

    /// <summary>Which I/O address space.</summary>
    public uint IoasId { get; set; }

    /// <summary>The first address.</summary>
    public ulong Iova { get; set; }

    /// <summary>In: bytes; all ones from address 0 is everything. Out: bytes unmapped.</summary>
    public ulong Length { get; set; }
}
