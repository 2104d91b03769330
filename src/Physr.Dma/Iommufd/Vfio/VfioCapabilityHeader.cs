// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Vfio;

/// <summary>What each capability begins with. Laid out as <c>struct vfio_info_cap_header</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct VfioCapabilityHeader
{
    /// <summary>Which it is.</summary>
    public ushort Id { get; set; }

    /// <summary>Its layout.</summary>
    public ushort Version { get; set; }

    /// <summary>Where the next is, from the start of all; 0 for the last.</summary>
    public uint Next { get; set; }
}
