// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommufd.Uapi;

namespace Physr.Dma.Iommufd.Vfio;

/// <summary>The VFIO requests that a context's file takes beside its own: they have the same type byte, and numbers from 100.</summary>
public static class VfioCommands
{
    /// <summary>The version of the interface there is.</summary>
    public const int ApiVersion = 0;

    /// <summary>Asks for the version; <c>VFIO_GET_API_VERSION</c>.</summary>
    public static uint GetApiVersion => IommufdCommand.RequestOf(100);

    /// <summary>Asks whether something is offered; the argument is a number. <c>VFIO_CHECK_EXTENSION</c>.</summary>
    public static uint CheckExtension => IommufdCommand.RequestOf(101);

    /// <summary>Chooses the view's behaviour; the argument is a number. <c>VFIO_SET_IOMMU</c>.</summary>
    public static uint SetIommu => IommufdCommand.RequestOf(102);

    /// <summary>Asks what can be mapped; <c>VFIO_IOMMU_GET_INFO</c>.</summary>
    public static uint IommuGetInfo => IommufdCommand.RequestOf(112);

    /// <summary>Maps; <c>VFIO_IOMMU_MAP_DMA</c>.</summary>
    public static uint IommuMapDma => IommufdCommand.RequestOf(113);

    /// <summary>Unmaps; <c>VFIO_IOMMU_UNMAP_DMA</c>.</summary>
    public static uint IommuUnmapDma => IommufdCommand.RequestOf(114);
}
