// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>Destroys an object of any kind. Laid out as <c>struct iommu_destroy</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuDestroy
{
    /// <summary>How many bytes of this the caller filled in.</summary>
    public uint Size { get; set; }

    /// <summary>Which object.</summary>
    public uint Id { get; set; }
}
