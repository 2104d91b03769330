// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Dma.Iommufd.Faults;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>The answer to a group of faults, as written to a fault queue's file. Laid out as <c>struct iommu_hwpt_page_response</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuHwptPageResponse
{
    /// <summary>Which group.</summary>
    public uint Cookie { get; set; }

    /// <summary><see cref="PageResponse"/>.</summary>
    public uint Code { get; set; }
}
