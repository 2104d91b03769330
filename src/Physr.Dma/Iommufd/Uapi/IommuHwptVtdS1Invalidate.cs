// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>An invalidation of a guest's first stage on Intel VT-d. Laid out as <c>struct iommu_hwpt_vtd_s1_invalidate</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuHwptVtdS1Invalidate
{
    /// <summary>The first address.</summary>
    public ulong Address { get; set; }

    /// <summary>4 KiB pages; all ones from address 0 is everything.</summary>
    public ulong Pages { get; set; }

    /// <summary>1: only leaves changed.</summary>
    public uint Flags { get; set; }

    /// <summary>Must be zero.</summary>
    public uint Reserved { get; set; }
}
