// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>A device whose IOMMU can be shared with a guest; an <see cref="Physr.Dma.Iommu.IIommuDevice"/> that can says so by implementing this.</summary>
public interface IVirtualIommuProvider
{
    /// <summary>The physical IOMMU: devices of one are told by one reference.</summary>
    object Unit { get; }

    /// <summary>Makes a guest's share of it.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="viommu">The share.</param>
    /// <returns><see cref="Errno.EOPNOTSUPP"/> for a kind it does not know, <see cref="Errno.EINVAL"/> for bad data, <see cref="Errno.ENOMEM"/>.</returns>
    Errno TryCreateVirtualIommu(in VirtualIommuRequest request, out IVirtualIommu? viommu);
}
