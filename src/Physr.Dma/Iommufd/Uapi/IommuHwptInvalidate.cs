// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>Invalidates caches of a nested page table or of a virtual IOMMU's devices. Laid out as <c>struct iommu_hwpt_invalidate</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuHwptInvalidate
{
    /// <summary>How many bytes of this the caller filled in.</summary>
    public uint Size { get; set; }

    /// <summary>Which nested page table or virtual IOMMU.</summary>
    public uint HwptId { get; set; }

    /// <summary>Points at the requests.</summary>
    public ulong DataAddress { get; set; }

    /// <summary>What they are.</summary>
    public uint DataType { get; set; }

    /// <summary>Bytes of one.</summary>
    public uint EntryLength { get; set; }

    /// <summary>In: requests. Out: requests done, whatever the outcome.</summary>
    public uint EntryCount { get; set; }

    /// <summary>Must be zero.</summary>
    public uint Reserved { get; set; }
}
