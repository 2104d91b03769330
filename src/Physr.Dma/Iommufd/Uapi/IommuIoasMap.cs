// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>Maps the caller's memory. Laid out as <c>struct iommu_ioas_map</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuIoasMap
{
    /// <summary>How many bytes of this the caller filled in.</summary>
    public uint Size { get; set; }

    /// <summary><see cref="IoMapFlags"/>.</summary>
    public uint Flags { get; set; }

    /// <summary>Which I/O address space.</summary>
    public uint IoasId { get; set; }

    /// <summary>Must be zero.</summary>
    public uint Reserved { get; set; }

    /// <summary>The first byte, as the caller names it.</summary>
    public ulong UserVa { get; set; }

    /// <summary>Bytes.</summary>
    public ulong Length { get; set; }

    /// <summary>The address: given with <see cref="IoMapFlags.FixedIova"/>, chosen otherwise.</summary>
    public ulong Iova { get; set; }
}
