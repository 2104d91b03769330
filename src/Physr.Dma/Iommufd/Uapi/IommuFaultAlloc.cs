// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>Makes a fault queue. Laid out as <c>struct iommu_fault_alloc</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuFaultAlloc
{
    /// <summary>How many bytes of this the caller filled in.</summary>
    public uint Size { get; set; }

    /// <summary>Must be zero.</summary>
    public uint Flags { get; set; }

    /// <summary>Its id.</summary>
    public uint OutFaultId { get; set; }

    /// <summary>The file to read faults from and to write responses to.</summary>
    public int OutFaultFd { get; set; }
}
