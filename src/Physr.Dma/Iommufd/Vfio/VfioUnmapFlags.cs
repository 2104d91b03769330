// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Vfio;

/// <summary>How to unmap (<c>VFIO_DMA_UNMAP_FLAG_*</c>). Only <see cref="All"/> is served: dirty pages are asked of hardware page tables here, and address changes of files.</summary>
[Flags]
public enum VfioUnmapFlags : uint
{
    /// <summary>The range given.</summary>
    None = 0,

    /// <summary>Tell which pages were written; refused.</summary>
    GetDirtyBitmap = 1 << 0,

    /// <summary>Everything; address and length have to be 0.</summary>
    All = 1 << 1,

    /// <summary>Only forget the caller's addresses; refused.</summary>
    VirtualAddress = 1 << 2,
}
