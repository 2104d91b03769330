// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>Makes a virtual IOMMU. Laid out as <c>struct iommu_viommu_alloc</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuViommuAlloc
{
    /// <summary>How many bytes of this the caller filled in.</summary>
    public uint Size { get; set; }

    /// <summary>Must be zero.</summary>
    public uint Flags { get; set; }

    /// <summary>Its kind.</summary>
    public uint Type { get; set; }

    /// <summary>A device behind the physical IOMMU.</summary>
    public uint DevId { get; set; }

    /// <summary>The nesting parent.</summary>
    public uint HwptId { get; set; }

    /// <summary>Its id.</summary>
    public uint OutViommuId { get; set; }

    /// <summary>Bytes of the kind's own words.</summary>
    public uint DataLength { get; set; }

    /// <summary>Must be zero.</summary>
    public uint Reserved { get; set; }

    /// <summary>Points at them.</summary>
    public ulong DataAddress { get; set; }
}
