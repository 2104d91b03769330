// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>What to do with the VFIO view's I/O address space (<c>enum iommufd_vfio_ioas_op</c>).</summary>
public enum VfioIoasOp : uint
{
    /// <summary>Read its id.</summary>
    Get = 0,

    /// <summary>Set it.</summary>
    Set = 1,

    /// <summary>Clear it.</summary>
    Clear = 2,
}
