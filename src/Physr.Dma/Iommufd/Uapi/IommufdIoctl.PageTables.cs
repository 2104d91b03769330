// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd.Faults;
using Physr.Dma.Iommufd.Hardware;

namespace Physr.Dma.Iommufd.Uapi;

/// <content>Hardware page tables: making them, invalidating, dirty tracking.</content>
public sealed partial class IommufdIoctl
{
    /// <summary>Most bytes of a driver's own words; no driver's are a tenth of it.</summary>
    private const uint MostData = 4096;

    private Errno HwptAlloc(UserCall call)
    {
        const IommuDomainFlags Known = IommuDomainFlags.NestParent | IommuDomainFlags.DirtyTracking | IommuDomainFlags.ReportFaults | IommuDomainFlags.Pasid;
        IommuHwptAlloc command = call.Read<IommuHwptAlloc>();
        IommuDomainFlags flags = (IommuDomainFlags)command.Flags;
        if ((flags & ~Known) != IommuDomainFlags.None || command.Reserved != 0 || command.Reserved2 != 0)
        {
            return Errno.EOPNOTSUPP;
        }

        if ((command.DataType == 0) != (command.DataLength == 0))
        {
            return Errno.EINVAL;
        }

        using Use<IommufdDevice> device = Find<IommufdDevice>(command.DevId);
        if (device.Object is null)
        {
            return Errno.ENOENT;
        }

        // What a table is made on is known only by what the id stands for: a wrong one is a wrong value.
        using Use<IommufdObject> on = Find<IommufdObject>(command.PtId);
        if (on.Object is null)
        {
            return Errno.EINVAL;
        }

        bool reports = flags.HasFlag(IommuDomainFlags.ReportFaults);
        using Use<FaultQueue> faults = reports ? Find<FaultQueue>(command.FaultId) : default;
        if (reports && faults.Object is null)
        {
            return Errno.ENOENT;
        }

        Errno errno = ReadData(command.DataAddress, command.DataLength, out byte[] data);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = CreateTable(device.Object, on.Object, new(flags, null, command.DataType, data), faults.Object, out HardwarePageTable? made);
        if (errno != Errno.None)
        {
            return errno;
        }

        command.OutHwptId = made!.Id;
        return Finish(call.Respond(in command), made);
    }

    private Errno CreateTable(IommufdDevice device, IommufdObject on, in IommuDomainRequest request, FaultQueue? faults, out HardwarePageTable? made)
    {
        Errno errno;
        switch (on)
        {
            case IoAddressSpace ioas:
                errno = _context.CreatePageTable(device, ioas, in request, out PagingHardwarePageTable? paging, faults);
                made = paging;
                return errno;
            case PagingHardwarePageTable parent:
                errno = _context.CreateNestedTable(device, parent, in request, out NestedHardwarePageTable? nested, faults);
                made = nested;
                return errno;
            case VirtualIommu viommu:
                errno = _context.CreateNestedTable(device, viommu, in request, out NestedHardwarePageTable? guest, faults);
                made = guest;
                return errno;
            default:
                made = null;
                return Errno.EINVAL;
        }
    }

    private Errno HwptInvalidate(UserCall call)
    {
        IommuHwptInvalidate command = call.Read<IommuHwptInvalidate>();
        uint done = 0;
        Errno errno = command.Reserved != 0 ? Errno.EOPNOTSUPP
            : command.EntryCount != 0 && (command.DataAddress == 0 || command.EntryLength == 0) ? Errno.EINVAL
            : Invalidate(in command, out done);
        command.EntryCount = done;
        Errno answered = call.Respond(in command);
        return answered != Errno.None ? answered : errno;
    }

    private Errno Invalidate(in IommuHwptInvalidate command, out uint done)
    {
        done = 0;
        InvalidationRequests requests = new(_process, new(command.DataAddress), command.DataType, command.EntryLength, command.EntryCount);
        using Use<IommufdObject> target = Find<IommufdObject>(command.HwptId);
        return target.Object switch
        {
            null => Errno.ENOENT,
            NestedHardwarePageTable nested => nested.Invalidate(in requests, out done),
            VirtualIommu viommu => viommu.Invalidate(in requests, out done),
            _ => Errno.EINVAL,
        };
    }

    private Errno HwptSetDirtyTracking(UserCall call)
    {
        IommuHwptSetDirtyTracking command = call.Read<IommuHwptSetDirtyTracking>();
        if ((command.Flags & ~1U) != 0 || command.Reserved != 0)
        {
            return Errno.EOPNOTSUPP;
        }

        using Use<PagingHardwarePageTable> table = Find<PagingHardwarePageTable>(command.HwptId);
        return table.Object?.SetDirtyTracking(command.Flags != 0) ?? Errno.ENOENT;
    }

    private Errno HwptGetDirtyBitmap(UserCall call)
    {
        IommuHwptGetDirtyBitmap command = call.Read<IommuHwptGetDirtyBitmap>();
        if ((command.Flags & ~1U) != 0 || command.Reserved != 0)
        {
            return Errno.EOPNOTSUPP;
        }

        using Use<PagingHardwarePageTable> table = Find<PagingHardwarePageTable>(command.HwptId);
        return table.Object is null ? Errno.ENOENT : DirtyBitmapCopy.Run(table.Object, _process, in command);
    }

    /// <summary>Copies a driver's own words in.</summary>
    private Errno ReadData(ulong address, uint length, out byte[] data)
    {
        data = [];
        if (length > MostData)
        {
            return Errno.E2BIG;
        }

        if (length == 0)
        {
            return Errno.None;
        }

        data = new byte[length];
        return _process.TryRead(new(address), data);
    }
}
