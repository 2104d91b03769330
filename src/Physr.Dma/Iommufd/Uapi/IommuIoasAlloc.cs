// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>Makes an I/O address space. Laid out as <c>struct iommu_ioas_alloc</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuIoasAlloc
{
    /// <summary>How many bytes of this the caller filled in.</summary>
    public uint Size { get; set; }

    /// <summary>Must be zero.</summary>
    public uint Flags { get; set; }

    /// <summary>Its id.</summary>
    public uint OutIoasId { get; set; }
}
