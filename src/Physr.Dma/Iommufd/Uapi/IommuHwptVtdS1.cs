// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Dma.Iommufd.Hardware;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>A guest's first-stage page table on Intel VT-d. Laid out as <c>struct iommu_hwpt_vtd_s1</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuHwptVtdS1
{
    /// <summary><see cref="VtdStage1Flags"/>.</summary>
    public ulong Flags { get; set; }

    /// <summary>The guest-physical address of its top.</summary>
    public ulong TableAddress { get; set; }

    /// <summary>Bits that it translates: 48 or 57.</summary>
    public uint AddressWidth { get; set; }

    /// <summary>Must be zero.</summary>
    public uint Reserved { get; set; }
}
