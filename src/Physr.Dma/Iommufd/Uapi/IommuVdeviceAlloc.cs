// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>Makes a device known to a virtual IOMMU. Laid out as <c>struct iommu_vdevice_alloc</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuVdeviceAlloc
{
    /// <summary>How many bytes of this the caller filled in.</summary>
    public uint Size { get; set; }

    /// <summary>Which virtual IOMMU.</summary>
    public uint ViommuId { get; set; }

    /// <summary>Which device.</summary>
    public uint DevId { get; set; }

    /// <summary>Its id.</summary>
    public uint OutVdeviceId { get; set; }

    /// <summary>The name by which the guest knows it.</summary>
    public ulong VirtId { get; set; }
}
