// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Dma.Iommufd.Faults;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>One fault, as read from a fault queue's file. Laid out as <c>struct iommu_hwpt_pgfault</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuHwptPageFault
{
    /// <summary><see cref="PageFaultFlags"/>.</summary>
    public uint Flags { get; set; }

    /// <summary>The device that faulted.</summary>
    public uint DevId { get; set; }

    /// <summary>Its PASID, where the flags say so.</summary>
    public uint Pasid { get; set; }

    /// <summary>The device's number for the group.</summary>
    public uint GroupId { get; set; }

    /// <summary><see cref="PageFaultPermissions"/>.</summary>
    public uint Permissions { get; set; }

    /// <summary>Must be zero.</summary>
    public uint Reserved { get; set; }

    /// <summary>What it could not reach.</summary>
    public ulong Address { get; set; }

    /// <summary>How much from there, as a hint; 0 for one page.</summary>
    public uint Length { get; set; }

    /// <summary>To be given back with the response; one for the whole group.</summary>
    public uint Cookie { get; set; }
}
