// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>Maps at a second place what is mapped already. Laid out as <c>struct iommu_ioas_copy</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuIoasCopy
{
    /// <summary>How many bytes of this the caller filled in.</summary>
    public uint Size { get; set; }

    /// <summary><see cref="IoMapFlags"/>.</summary>
    public uint Flags { get; set; }

    /// <summary>Where to.</summary>
    public uint DstIoasId { get; set; }

    /// <summary>Where from.</summary>
    public uint SrcIoasId { get; set; }

    /// <summary>Bytes.</summary>
    public ulong Length { get; set; }

    /// <summary>The address to copy to: given with <see cref="IoMapFlags.FixedIova"/>, chosen otherwise.</summary>
    public ulong DstIova { get; set; }

    /// <summary>The address to copy from.</summary>
    public ulong SrcIova { get; set; }
}
