// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>Makes a virtual event queue. Laid out as <c>struct iommu_veventq_alloc</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuVeventqAlloc
{
    /// <summary>How many bytes of this the caller filled in.</summary>
    public uint Size { get; set; }

    /// <summary>Must be zero.</summary>
    public uint Flags { get; set; }

    /// <summary>Of which virtual IOMMU.</summary>
    public uint ViommuId { get; set; }

    /// <summary>Which kind of event.</summary>
    public uint Type { get; set; }

    /// <summary>Most events held at a time.</summary>
    public uint Depth { get; set; }

    /// <summary>Its id.</summary>
    public uint OutVeventqId { get; set; }

    /// <summary>The file to read events from.</summary>
    public int OutVeventqFd { get; set; }

    /// <summary>Must be zero.</summary>
    public uint Reserved { get; set; }
}
