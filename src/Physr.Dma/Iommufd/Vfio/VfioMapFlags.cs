// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Vfio;

/// <summary>How to map (<c>VFIO_DMA_MAP_FLAG_*</c>); at least one.</summary>
[Flags]
public enum VfioMapFlags : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Devices may read.</summary>
    Read = 1 << 0,

    /// <summary>Devices may write.</summary>
    Write = 1 << 1,
}
