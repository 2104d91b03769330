// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>Reads, sets or clears the I/O address space that the VFIO type-1 view works on. Laid out as <c>struct iommu_vfio_ioas</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuVfioIoas
{
    /// <summary>How many bytes of this the caller filled in.</summary>
    public uint Size { get; set; }

    /// <summary>Which.</summary>
    public uint IoasId { get; set; }

    /// <summary><see cref="VfioIoasOp"/>.</summary>
    public ushort Op { get; set; }

    /// <summary>Must be zero.</summary>
    public ushort Reserved { get; set; }
}
