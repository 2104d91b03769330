// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>Maps a part of a file. Laid out as <c>struct iommu_ioas_map_file</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuIoasMapFile
{
    /// <summary>How many bytes of this the caller filled in.</summary>
    public uint Size { get; set; }

    /// <summary><see cref="IoMapFlags"/>.</summary>
    public uint Flags { get; set; }

    /// <summary>Which I/O address space.</summary>
    public uint IoasId { get; set; }

    /// <summary>The file.</summary>
    public int Fd { get; set; }

    /// <summary>The first byte in it.</summary>
    public ulong Start { get; set; }

    /// <summary>Bytes.</summary>
    public ulong Length { get; set; }

    /// <summary>The address: given with <see cref="IoMapFlags.FixedIova"/>, chosen otherwise.</summary>
    public ulong Iova { get; set; }
}
