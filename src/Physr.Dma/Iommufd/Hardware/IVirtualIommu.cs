// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>A guest's share of a physical IOMMU, as its driver provides it (the kernel's <c>struct iommufd_viommu_ops</c>). Disposed with the object, if it is disposable. Thread-safe.</summary>
public interface IVirtualIommu
{
    /// <summary>Makes a translation whose first stage the guest writes.</summary>
    /// <param name="device">For which device.</param>
    /// <param name="flags">What it has to be able to do.</param>
    /// <param name="dataType">What the data are.</param>
    /// <param name="data">The driver's own words.</param>
    /// <param name="domain">The translation, the caller's.</param>
    /// <returns><see cref="Errno.EOPNOTSUPP"/> for what it cannot do, <see cref="Errno.EINVAL"/> for bad data, <see cref="Errno.ENOMEM"/>.</returns>
    Errno TryCreateNestedDomain(IIommuDevice device, IommuDomainFlags flags, uint dataType, ReadOnlyMemory<byte> data, out INestedDomain? domain);

    /// <summary>Forgets cached state of the guest's devices, request by request; requests name devices as the guest does.</summary>
    /// <inheritdoc cref="INestedDomain.Invalidate"/>
    Errno Invalidate(in InvalidationRequests requests, out uint done);

    /// <summary>Learns by which name the guest knows a device, for invalidations and events.</summary>
    /// <returns><see cref="Errno.EOPNOTSUPP"/>, <see cref="Errno.ENOMEM"/>.</returns>
    Errno AddDevice(IIommuDevice device, ulong virtualId);

    /// <summary>Forgets that name.</summary>
    void RemoveDevice(IIommuDevice device, ulong virtualId);

    /// <summary>Whether it reports events of a kind.</summary>
    bool Reports(uint eventType);

    /// <summary>Whether its hardware works queues of a kind in guest memory.</summary>
    bool HasQueues(uint queueType);

    /// <summary>Lets the hardware work a queue.</summary>
    /// <param name="request">Which, and where.</param>
    /// <param name="queue">The queue; disposing it takes it from the hardware.</param>
    /// <returns><see cref="Errno.EINVAL"/> for an index there is not, <see cref="Errno.EIO"/> for one out of turn.</returns>
    Errno TryCreateQueue(in HardwareQueueRequest request, out IHardwareQueue? queue);
}
