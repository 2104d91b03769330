// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

public sealed partial class IommufdContext
{
    private IoAddressSpace? _vfioAddressSpace;

    /// <summary>The I/O address space that the VFIO type-1 view works on (<c>IOMMU_VFIO_IOAS</c>); null for none. Naming it here does not keep it: once destroyed it is none.</summary>
    public IoAddressSpace? VfioAddressSpace
    {
        get => Volatile.Read(ref _vfioAddressSpace) is { IsDestroyed: false } current ? current : null;
        set => Volatile.Write(ref _vfioAddressSpace, value);
    }
}
