// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>Asks where an address of an I/O address space leads, for a device behind no IOMMU. Laid out as <c>struct iommu_ioas_noiommu_get_pa</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuIoasNoIommuGetPa
{
    /// <summary>How many bytes of this the caller filled in.</summary>
    public uint Size { get; set; }

    /// <summary>Must be zero.</summary>
    public uint Flags { get; set; }

    /// <summary>Which I/O address space.</summary>
    public uint IoasId { get; set; }

    /// <summary>Must be zero.</summary>
    public uint Reserved { get; set; }

    /// <summary>The address.</summary>
    public ulong Iova { get; set; }

    /// <summary>Out: contiguous bytes from there.</summary>
    public ulong Length { get; set; }

    /// <summary>The physical address.</summary>
    public ulong OutPhys { get; set; }
}
