// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>Says which addresses automatic allocation may use. Laid out as <c>struct iommu_ioas_allow_iovas</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuIoasAllowIovas
{
    /// <summary>How many bytes of this the caller filled in.</summary>
    public uint Size { get; set; }

    /// <summary>Which I/O address space.</summary>
    public uint IoasId { get; set; }

    /// <summary>Entries in the array.</summary>
    public uint NumIovas { get; set; }

    /// <summary>Must be zero.</summary>
    public uint Reserved { get; set; }

    /// <summary>Points at an array of <see cref="IommuIovaRange"/>.</summary>
    public ulong AllowedIovas { get; set; }
}
