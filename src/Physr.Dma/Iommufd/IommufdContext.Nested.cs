// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd.Faults;
using Physr.Dma.Iommufd.Hardware;

namespace Physr.Dma.Iommufd;

public sealed partial class IommufdContext
{
    /// <summary>Makes a fault queue and opens its file (<c>IOMMU_FAULT_QUEUE_ALLOC</c>).</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="file">Its file. While it is open the queue cannot be destroyed by id.</param>
    /// <returns><see cref="Errno.ENOMEM"/>, <see cref="Errno.ENODEV"/> once the context is closed.</returns>
    public Errno CreateFaultQueue(out FaultQueue? queue, out EventQueueFile? file)
    {
        EventQueueFile? opened = null;
        Errno errno = TryCreate(
            id =>
            {
                FaultQueue made = new(this, id);
                opened = made.Open();
                return made;
            },
            out queue);
        file = opened;
        return errno;
    }

    /// <summary>Makes a guest's page table over a nesting parent (<c>IOMMU_HWPT_ALLOC</c>).</summary>
    /// <param name="device">Whose IOMMU makes it.</param>
    /// <param name="parent">The nesting parent: made for that, and not by attaching.</param>
    /// <param name="request">What the guest's table is; its parent is filled in here.</param>
    /// <param name="table">The table.</param>
    /// <param name="faults">Where page faults wait; given with <see cref="IommuDomainFlags.ReportFaults"/> and only then.</param>
    /// <returns><see cref="Errno.EOPNOTSUPP"/> for flags that a nested table cannot have and for data the IOMMU does not know; <see cref="Errno.EINVAL"/> for a parent that is
    /// none, for bad data and for objects of another context; <see cref="Errno.ENOENT"/> for objects that are gone; <see cref="Errno.ENOMEM"/>.</returns>
    public Errno CreateNestedTable(IommufdDevice device, PagingHardwarePageTable parent, in IommuDomainRequest request, out NestedHardwarePageTable? table, FaultQueue? faults = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(parent);
        table = null;
        Errno errno = CheckNested(device, parent, in request, faults);
        if (errno != Errno.None)
        {
            return errno;
        }

        if (parent.IsAutomatic || !parent.Flags.HasFlag(IommuDomainFlags.NestParent))
        {
            return Errno.EINVAL;
        }

        IommuDomainRequest asked = request with { Parent = parent.Domain };
        return CreateNested(
            [device, parent, faults],
            () =>
            {
                Errno answer = device.Hardware.TryCreateDomain(asked, out IIommuDomain? domain);
                return (answer == Errno.None && domain is not INestedDomain ? Errno.EOPNOTSUPP : answer, domain as INestedDomain);
            },
            (id, domain) => new(this, id, parent, null, domain, asked.Flags, faults),
            out table);
    }

    /// <summary>Makes a guest's page table by a virtual IOMMU; devices attach to it only once that knows them.</summary>
    /// <param name="device">For which device.</param>
    /// <param name="viommu">The virtual IOMMU.</param>
    /// <param name="request">What the guest's table is; it has no parent of its own.</param>
    /// <param name="table">The table.</param>
    /// <param name="faults">Where page faults wait; given with <see cref="IommuDomainFlags.ReportFaults"/> and only then.</param>
    /// <returns>As for a nesting parent.</returns>
    public Errno CreateNestedTable(IommufdDevice device, VirtualIommu viommu, in IommuDomainRequest request, out NestedHardwarePageTable? table, FaultQueue? faults = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(viommu);
        table = null;
        Errno errno = CheckNested(device, viommu, in request, faults);
        if (errno != Errno.None)
        {
            return errno;
        }

        IommuDomainRequest asked = request;
        return CreateNested(
            [device, viommu, faults],
            () => (viommu.Hardware.TryCreateNestedDomain(device.Hardware, asked.Flags, asked.DataType, asked.Data, out INestedDomain? domain), domain),
            (id, domain) => new(this, id, viommu.Parent, viommu, domain, asked.Flags, faults),
            out table);
    }

    private Errno CheckNested(IommufdDevice device, IommufdObject over, in IommuDomainRequest request, FaultQueue? faults)
    {
        const IommuDomainFlags Known = IommuDomainFlags.ReportFaults | IommuDomainFlags.Pasid;
        if (!ReferenceEquals(device.Context, this) || !ReferenceEquals(over.Context, this) || request.Parent is not null || !Fits(faults, request.Flags))
        {
            return Errno.EINVAL;
        }

        return (request.Flags & ~Known) != IommuDomainFlags.None || request.Data.IsEmpty ? Errno.EOPNOTSUPP : Errno.None;
    }

    /// <summary>Uses what a table needs, makes its domain and then the table; all of it or nothing. The device is used only meanwhile.</summary>
    /// <param name="needed">The device; what the table is over; the fault queue or null.</param>
    /// <param name="makeDomain">Makes the domain.</param>
    /// <param name="make">Makes the table.</param>
    /// <param name="table">The table.</param>
    private Errno CreateNested(
        IommufdObject?[] needed,
        Func<(Errno Errno, INestedDomain? Domain)> makeDomain,
        Func<uint, INestedDomain, NestedHardwarePageTable> make,
        out NestedHardwarePageTable? table)
    {
        table = null;
        int used = 0;
        Errno errno = Errno.None;
        while (errno == Errno.None && used < needed.Length)
        {
            errno = needed[used]?.TryUse() == false ? Errno.ENOENT : Errno.None;
            used += errno == Errno.None ? 1 : 0;
        }

        uint id = 0;
        errno = errno == Errno.None ? TryReserveId(out id) : errno;
        if (errno == Errno.None)
        {
            (errno, INestedDomain? domain) = Passes("nested domain") ? makeDomain() : (Errno.ENOMEM, null);
            if (errno == Errno.None)
            {
                table = make(id, domain!);
                Publish(table);
                needed[0]!.EndUse();
                return Errno.None;
            }

            AbandonId(id);
        }

        for (int i = 0; i < used; i++)
        {
            needed[i]?.EndUse();
        }

        return errno;
    }
}
