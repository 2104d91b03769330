// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>Gives a queue in guest memory to the hardware. Laid out as <c>struct iommu_hw_queue_alloc</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuHwQueueAlloc
{
    /// <summary>How many bytes of this the caller filled in.</summary>
    public uint Size { get; set; }

    /// <summary>Must be zero.</summary>
    public uint Flags { get; set; }

    /// <summary>Of which virtual IOMMU.</summary>
    public uint ViommuId { get; set; }

    /// <summary>Its kind.</summary>
    public uint Type { get; set; }

    /// <summary>Which of that kind.</summary>
    public uint Index { get; set; }

    /// <summary>Its id.</summary>
    public uint OutHwQueueId { get; set; }

    /// <summary>Where it is, in the nesting parent.</summary>
    public ulong NestingParentIova { get; set; }

    /// <summary>Bytes.</summary>
    public ulong Length { get; set; }
}
