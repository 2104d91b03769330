// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>What an Intel VT-d unit says of itself. Laid out as <c>struct iommu_hw_info_vtd</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuHwInfoVtd
{
    /// <summary>Errata.</summary>
    public uint Flags { get; set; }

    /// <summary>Must be zero.</summary>
    public uint Reserved { get; set; }

    /// <summary>CAP_REG.</summary>
    public ulong CapabilityRegister { get; set; }

    /// <summary>ECAP_REG.</summary>
    public ulong ExtendedCapabilityRegister { get; set; }
}
