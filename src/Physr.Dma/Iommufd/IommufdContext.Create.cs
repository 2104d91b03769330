// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd.Faults;

namespace Physr.Dma.Iommufd;

public sealed partial class IommufdContext
{
    /// <summary>Makes an empty I/O address space (<c>IOMMU_IOAS_ALLOC</c>).</summary>
    /// <returns><see cref="Errno.ENOMEM"/>; <see cref="Errno.ENODEV"/> once the context is closed.</returns>
    public Errno CreateAddressSpace(out IoAddressSpace? ioas) => TryCreate(id => new IoAddressSpace(this, id), out ioas);

    /// <summary>Binds a device, so that it can be attached; its owner ends that with <see cref="IommufdDevice.Unbind"/>.</summary>
    /// <param name="hardware">The device. It may be bound once, to one context.</param>
    /// <param name="device">The bound device.</param>
    /// <returns><see cref="Errno.EBUSY"/> where this context has it already, <see cref="Errno.ENOMEM"/>, <see cref="Errno.ENODEV"/>.</returns>
    public Errno Bind(IIommuDevice hardware, out IommufdDevice? device)
    {
        ArgumentNullException.ThrowIfNull(hardware);
        device = null;
        lock (_bindLock)
        {
            return Snapshot<IommufdDevice>().Exists(bound => ReferenceEquals(bound.Hardware, hardware))
                ? Errno.EBUSY
                : TryCreate(id => new IommufdDevice(this, id, hardware), out device);
        }
    }

    /// <summary>Makes an access that is not attached yet; its owner ends it by disposing it.</summary>
    /// <param name="user">Who is told of unmaps.</param>
    /// <param name="access">The access.</param>
    /// <returns><see cref="Errno.ENOMEM"/>, <see cref="Errno.ENODEV"/>.</returns>
    public Errno CreateAccess(IAccessUser user, out IommufdAccess? access)
    {
        ArgumentNullException.ThrowIfNull(user);
        return TryCreate(id => new IommufdAccess(this, id, user), out access);
    }

    /// <summary>Makes a page table of a device's IOMMU that follows an address space: all that is mapped there now and later (<c>IOMMU_HWPT_ALLOC</c>).</summary>
    /// <param name="device">Whose IOMMU makes the domain.</param>
    /// <param name="ioas">What it follows.</param>
    /// <param name="request">What the domain has to be able to do; it has no parent.</param>
    /// <param name="table">The table.</param>
    /// <param name="faults">Where page faults wait; given with <see cref="IommuDomainFlags.ReportFaults"/> and only then.</param>
    /// <returns><see cref="Errno.EOPNOTSUPP"/> for what the IOMMU cannot do; <see cref="Errno.EADDRINUSE"/> where what is mapped does not fit the domain's aperture
    /// or pages; <see cref="Errno.EINVAL"/> for objects of another context; <see cref="Errno.ENOENT"/> for objects that are gone; what pinning answers.</returns>
    public Errno CreatePageTable(IommufdDevice device, IoAddressSpace ioas, in IommuDomainRequest request, out PagingHardwarePageTable? table, FaultQueue? faults = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(ioas);
        return CreatePageTable(device, ioas, in request, faults, isAutomatic: false, out table);
    }

    /// <summary>As the public form; tables made by attaching to an address space are automatic.</summary>
    internal Errno CreatePageTable(IommufdDevice device, IoAddressSpace ioas, in IommuDomainRequest request, FaultQueue? faults, bool isAutomatic, out PagingHardwarePageTable? table)
    {
        table = null;
        if (!ReferenceEquals(device.Context, this) || !ReferenceEquals(ioas.Context, this) || request.Parent is not null || !Fits(faults, request.Flags))
        {
            return Errno.EINVAL;
        }

        // A second stage answers for memory that the host gave: its faults are the host's, never the user's.
        const IommuDomainFlags Contrary = IommuDomainFlags.NestParent | IommuDomainFlags.ReportFaults;
        if ((request.Flags & Contrary) == Contrary)
        {
            return Errno.EOPNOTSUPP;
        }

        if (!device.TryUse())
        {
            return Errno.ENOENT;
        }

        Errno errno = ioas.TryUse() ? Errno.None : Errno.ENOENT;
        if (errno == Errno.None)
        {
            errno = faults?.TryUse() == false ? Errno.ENOENT : CreateFilled(device, ioas, in request, faults, isAutomatic, out table);
            if (errno != Errno.None)
            {
                ioas.EndUse();
            }
        }

        device.EndUse();
        return errno;
    }

    /// <summary>Whether a fault queue is given exactly where faults are to be reported, and is this context's.</summary>
    private bool Fits(FaultQueue? faults, IommuDomainFlags flags) =>
        flags.HasFlag(IommuDomainFlags.ReportFaults) == faults is not null && (faults is null || ReferenceEquals(faults.Context, this));

    /// <summary>Makes the table; on failure the use of the fault queue is given back.</summary>
    private Errno CreateFilled(IommufdDevice device, IoAddressSpace ioas, in IommuDomainRequest request, FaultQueue? faults, bool isAutomatic, out PagingHardwarePageTable? table)
    {
        table = null;
        if (request.Flags.HasFlag(IommuDomainFlags.DirtyTracking) && !device.Hardware.Capabilities.HasFlag(IommuCapabilities.DirtyTracking))
        {
            faults?.EndUse();
            return Errno.EOPNOTSUPP;
        }

        Errno errno = TryReserveId(out uint id);
        if (errno != Errno.None)
        {
            faults?.EndUse();
            return errno;
        }

        errno = device.Hardware.TryCreateDomain(request, out IIommuDomain? domain);
        if (errno == Errno.None)
        {
            errno = ioas.AddDomain(domain!);
            if (errno != Errno.None)
            {
                (domain as IDisposable)?.Dispose();
            }
        }

        if (errno != Errno.None)
        {
            AbandonId(id);
            faults?.EndUse();
            return errno;
        }

        table = new(this, id, ioas, domain!, request.Flags, faults, isAutomatic);
        Publish(table);
        return Errno.None;
    }
}
