// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>Switches dirty tracking. Laid out as <c>struct iommu_hwpt_set_dirty_tracking</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuHwptSetDirtyTracking
{
    /// <summary>How many bytes of this the caller filled in.</summary>
    public uint Size { get; set; }

    /// <summary>1 switches it on, 0 off.</summary>
    public uint Flags { get; set; }

    /// <summary>Of which hardware page table.</summary>
    public uint HwptId { get; set; }

    /// <summary>Must be zero.</summary>
    public uint Reserved { get; set; }
}
