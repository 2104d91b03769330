// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>Asks which addresses may be mapped. Laid out as <c>struct iommu_ioas_iova_ranges</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuIoasIovaRanges
{
    /// <summary>How many bytes of this the caller filled in.</summary>
    public uint Size { get; set; }

    /// <summary>Which I/O address space.</summary>
    public uint IoasId { get; set; }

    /// <summary>In: entries in the array. Out: entries there are.</summary>
    public uint NumIovas { get; set; }

    /// <summary>Must be zero.</summary>
    public uint Reserved { get; set; }

    /// <summary>Points at an array of <see cref="IommuIovaRange"/>.</summary>
    public ulong AllowedIovas { get; set; }

    /// <summary>What addresses and lengths have to be multiples of.</summary>
    public ulong OutIovaAlignment { get; set; }
}
