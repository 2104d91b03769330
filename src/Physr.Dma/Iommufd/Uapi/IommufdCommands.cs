// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>The commands of the byte interface (section 1.8). Numbers and lengths only; what they do is in <see cref="IommufdIoctl"/>.</summary>
public static class IommufdCommands
{
    /// <summary>The first number.</summary>
    public const byte First = 0x80;

    /// <summary>All of them, in the order of their numbers.</summary>
    public static IReadOnlyList<IommufdCommand> All { get; } =
    [
        Of<IommuDestroy>(0x80, "IOMMU_DESTROY", 8),
        Of<IommuIoasAlloc>(0x81, "IOMMU_IOAS_ALLOC", 12),
        Of<IommuIoasAllowIovas>(0x82, "IOMMU_IOAS_ALLOW_IOVAS", 24),
        Of<IommuIoasCopy>(0x83, "IOMMU_IOAS_COPY", 40),
        Of<IommuIoasIovaRanges>(0x84, "IOMMU_IOAS_IOVA_RANGES", 32),
        Of<IommuIoasMap>(0x85, "IOMMU_IOAS_MAP", 40),
        Of<IommuIoasUnmap>(0x86, "IOMMU_IOAS_UNMAP", 24),
        Of<IommuOption>(0x87, "IOMMU_OPTION", 24),
        Of<IommuVfioIoas>(0x88, "IOMMU_VFIO_IOAS", 12),
        Of<IommuHwptAlloc>(0x89, "IOMMU_HWPT_ALLOC", 24),
        Of<IommuHwInfo>(0x8a, "IOMMU_GET_HW_INFO", 32),
        Of<IommuHwptSetDirtyTracking>(0x8b, "IOMMU_HWPT_SET_DIRTY_TRACKING", 16),
        Of<IommuHwptGetDirtyBitmap>(0x8c, "IOMMU_HWPT_GET_DIRTY_BITMAP", 48),
        Of<IommuHwptInvalidate>(0x8d, "IOMMU_HWPT_INVALIDATE", 32),
        Of<IommuFaultAlloc>(0x8e, "IOMMU_FAULT_QUEUE_ALLOC", 16),
        Of<IommuIoasMapFile>(0x8f, "IOMMU_IOAS_MAP_FILE", 40),
        Of<IommuViommuAlloc>(0x90, "IOMMU_VIOMMU_ALLOC", 24),
        Of<IommuVdeviceAlloc>(0x91, "IOMMU_VDEVICE_ALLOC", 24),
        Of<IommuIoasChangeProcess>(0x92, "IOMMU_IOAS_CHANGE_PROCESS", 8),
        Of<IommuVeventqAlloc>(0x93, "IOMMU_VEVENTQ_ALLOC", 32),
        Of<IommuHwQueueAlloc>(0x94, "IOMMU_HW_QUEUE_ALLOC", 40),
        Of<IommuIoasNoIommuGetPa>(0x95, "IOMMU_IOAS_NOIOMMU_GET_PA", 40),
    ];

    /// <summary>Finds a command by its request; false for one there is not.</summary>
    public static bool TryFind(uint request, out IommufdCommand command)
    {
        uint index = request - IommufdCommand.RequestOf(First);
        bool isKnown = index < All.Count;
        command = isKnown ? All[(int)index] : default;
        return isKnown;
    }

    private static IommufdCommand Of<T>(byte number, string name, int minimumSize)
        where T : unmanaged => new(number, name, Unsafe.SizeOf<T>(), minimumSize);
}
