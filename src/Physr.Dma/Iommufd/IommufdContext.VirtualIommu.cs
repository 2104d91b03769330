// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd.Faults;
using Physr.Dma.Iommufd.Hardware;

namespace Physr.Dma.Iommufd;

public sealed partial class IommufdContext
{
    /// <summary>Makes a guest's share of the IOMMU behind a device (<c>IOMMU_VIOMMU_ALLOC</c>).</summary>
    /// <param name="device">The device.</param>
    /// <param name="parent">The second stage of everything in it.</param>
    /// <param name="type">Its kind; 0 is none.</param>
    /// <param name="data">The driver's own words, which it may change; empty for none.</param>
    /// <param name="viommu">The virtual IOMMU.</param>
    /// <returns><see cref="Errno.EOPNOTSUPP"/> for a kind that the IOMMU does not offer; <see cref="Errno.EINVAL"/> for a parent that is none, bad data, objects of another
    /// context; <see cref="Errno.ENOENT"/> for objects that are gone; <see cref="Errno.ENOMEM"/>.</returns>
    public Errno CreateVirtualIommu(IommufdDevice device, PagingHardwarePageTable parent, uint type, Memory<byte> data, out VirtualIommu? viommu)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(parent);
        viommu = null;
        if (!ReferenceEquals(device.Context, this) || !ReferenceEquals(parent.Context, this))
        {
            return Errno.EINVAL;
        }

        if (type == 0 || device.Hardware is not IVirtualIommuProvider provider)
        {
            return Errno.EOPNOTSUPP;
        }

        if (!parent.Flags.HasFlag(IommuDomainFlags.NestParent))
        {
            return Errno.EINVAL;
        }

        if (!parent.TryUse())
        {
            return Errno.ENOENT;
        }

        Errno errno = Errno.ENOENT;
        if (device.TryUse())
        {
            errno = MakeVirtualIommu(provider, parent, type, data, out viommu);
            device.EndUse();
        }

        if (errno != Errno.None)
        {
            parent.EndUse();
        }

        return errno;
    }

    private Errno MakeVirtualIommu(IVirtualIommuProvider provider, PagingHardwarePageTable parent, uint type, Memory<byte> data, out VirtualIommu? viommu)
    {
        viommu = null;
        Errno errno = TryReserveId(out uint id);
        if (errno != Errno.None)
        {
            return errno;
        }

        VirtualIommuPort port = new(this);
        IVirtualIommu? hardware = null;
        errno = Passes("virtual IOMMU") ? provider.TryCreateVirtualIommu(new(type, parent.Domain, data, port), out hardware) : Errno.ENOMEM;
        if (errno != Errno.None)
        {
            port.WithdrawWindows();
            AbandonId(id);
            return errno;
        }

        viommu = new(this, id, type, provider.Unit, parent, hardware!, port);
        port.VirtualIommu = viommu;
        Publish(viommu);
        return Errno.None;
    }

    /// <summary>Makes a device known to a guest (<c>IOMMU_VDEVICE_ALLOC</c>).</summary>
    /// <param name="viommu">To which virtual IOMMU.</param>
    /// <param name="device">The device, behind the same physical IOMMU.</param>
    /// <param name="virtualId">Under which name.</param>
    /// <param name="made">The virtual device.</param>
    /// <returns><see cref="Errno.EEXIST"/> where the device has a name or the name a device already; <see cref="Errno.EINVAL"/> for a device behind another IOMMU or objects of
    /// another context; <see cref="Errno.ENOENT"/> for objects that are gone; <see cref="Errno.ENOMEM"/>.</returns>
    public Errno CreateVirtualDevice(VirtualIommu viommu, IommufdDevice device, ulong virtualId, out VirtualDevice? made)
    {
        ArgumentNullException.ThrowIfNull(viommu);
        ArgumentNullException.ThrowIfNull(device);
        made = null;
        if (!ReferenceEquals(viommu.Context, this) || !ReferenceEquals(device.Context, this)
            || device.Hardware is not IVirtualIommuProvider provider || !ReferenceEquals(provider.Unit, viommu.Unit))
        {
            return Errno.EINVAL;
        }

        if (!viommu.TryUse())
        {
            return Errno.ENOENT;
        }

        Errno errno = TryReserveId(out uint id);
        if (errno == Errno.None)
        {
            VirtualDevice making = new(this, id, viommu, device, virtualId);
            errno = Passes("virtual device") ? device.BecomeVirtual(making) : Errno.ENOMEM;
            if (errno == Errno.None)
            {
                made = making;
                return Errno.None;
            }

            AbandonId(id);
        }

        viommu.EndUse();
        return errno;
    }

    /// <summary>Makes a queue of a virtual IOMMU's events and opens its file (<c>IOMMU_VEVENTQ_ALLOC</c>).</summary>
    /// <param name="viommu">Whose events.</param>
    /// <param name="type">Which kind.</param>
    /// <param name="depth">Most events held.</param>
    /// <param name="queue">The queue.</param>
    /// <param name="file">Its file. While it is open the queue cannot be destroyed by id.</param>
    /// <returns><see cref="Errno.EOPNOTSUPP"/> for kind 0 or one that is not reported; <see cref="Errno.EINVAL"/> for depth 0 or an object of another context;
    /// <see cref="Errno.EEXIST"/> for a second queue of a kind; <see cref="Errno.ENOENT"/>; <see cref="Errno.ENOMEM"/>.</returns>
    public Errno CreateEventQueue(VirtualIommu viommu, uint type, uint depth, out VirtualEventQueue? queue, out EventQueueFile? file)
    {
        ArgumentNullException.ThrowIfNull(viommu);
        (queue, file) = (null, null);
        if (!ReferenceEquals(viommu.Context, this) || depth == 0)
        {
            return Errno.EINVAL;
        }

        if (!viommu.TryUse())
        {
            return Errno.ENOENT;
        }

        uint id = 0;
        Errno errno = type == 0 || !viommu.Hardware.Reports(type) ? Errno.EOPNOTSUPP : TryReserveId(out id);
        if (errno == Errno.None)
        {
            errno = Publish(viommu, id, type, depth, out queue, out file);
        }

        if (errno != Errno.None)
        {
            viommu.EndUse();
        }

        return errno;
    }

    /// <summary>Takes an object out for good: its id is not used again. It was just made gone.</summary>
    internal void Bury(IommufdObject retired)
    {
        lock (_lock)
        {
            _objects.Remove(retired.Id);
        }

        retired.Release();
    }

    private Errno Publish(VirtualIommu viommu, uint id, uint type, uint depth, out VirtualEventQueue? queue, out EventQueueFile? file)
    {
        queue = new(this, id, viommu, type, depth);
        if (!viommu.TryAdd(queue))
        {
            AbandonId(id);
            (queue, file) = (null, null);
            return Errno.EEXIST;
        }

        file = queue.Open();
        Publish(queue);
        return Errno.None;
    }
}
