// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Dma.Iommufd.Hardware;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>Asks what a device's IOMMU is. Laid out as <c>struct iommu_hw_info</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuHwInfo
{
    /// <summary>How many bytes of this the caller filled in.</summary>
    public uint Size { get; set; }

    /// <summary>1 says that <see cref="DataType"/> holds the wanted kind.</summary>
    public uint Flags { get; set; }

    /// <summary>Which device.</summary>
    public uint DevId { get; set; }

    /// <summary>In: bytes at the pointer. Out: bytes that there are to read.</summary>
    public uint DataLength { get; set; }

    /// <summary>Points at the place for the kind's own words.</summary>
    public ulong DataAddress { get; set; }

    /// <summary>The kind of IOMMU: 0 for none.</summary>
    public uint DataType { get; set; }

    /// <summary>Bits of a PASID; 0 for no PASIDs.</summary>
    public byte OutMaxPasidLog2 { get; set; }

    /// <summary>Must be zero.</summary>
    public byte Reserved0 { get; set; }

    /// <summary>Must be zero.</summary>
    public byte Reserved1 { get; set; }

    /// <summary>Must be zero.</summary>
    public byte Reserved2 { get; set; }

    /// <summary><see cref="HardwareCapabilities"/>.</summary>
    public ulong OutCapabilities { get; set; }
}
