// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Vfio;

/// <summary>A run of IO virtual addresses. Laid out as <c>struct vfio_iova_range</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct VfioIovaRange
{
    /// <summary>The first.</summary>
    public ulong Start { get; set; }

    /// <summary>The last, inclusive.</summary>
    public ulong Last { get; set; }
}
