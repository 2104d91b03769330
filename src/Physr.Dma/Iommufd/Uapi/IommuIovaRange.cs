// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>A run of IO virtual addresses. Laid out as <c>struct iommu_iova_range</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuIovaRange
{
    /// <summary>The first.</summary>
    public ulong Start { get; set; }

    /// <summary>The last, inclusive.</summary>
    public ulong Last { get; set; }
}
