// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommufd.Faults;
using Physr.Dma.Iommufd.Hardware;

namespace Physr.Dma.Iommufd.Uapi;

/// <content>What a guest's IOMMU needs: the hardware's description, fault queues, virtual IOMMUs and what belongs to them.</content>
public sealed partial class IommufdIoctl
{
    private Errno GetHwInfo(UserCall call)
    {
        const uint InputType = 1;
        IommuHwInfo command = call.Read<IommuHwInfo>();
        if ((command.Flags & ~InputType) != 0 || command.Reserved0 != 0 || command.Reserved1 != 0 || command.Reserved2 != 0)
        {
            return Errno.EOPNOTSUPP;
        }

        using Use<IommufdDevice> device = Find<IommufdDevice>(command.DevId);
        if (device.Object is null)
        {
            return Errno.ENOENT;
        }

        uint wanted = (command.Flags & InputType) != 0 ? command.DataType : 0;
        Errno errno = HardwareInfo.TryGet(device.Object.Hardware, wanted, out HardwareInfo info);
        errno = errno == Errno.None ? WriteInfo(info.Data.Span, new(command.DataAddress), command.DataLength) : errno;
        if (errno != Errno.None)
        {
            return errno;
        }

        command.DataLength = (uint)info.Data.Length;
        command.DataType = info.DataType;
        command.OutCapabilities = (ulong)info.Capabilities;
        command.OutMaxPasidLog2 = (byte)info.PasidBits;
        return call.Respond(in command);
    }

    /// <summary>Writes as much as fits, and zero behind it.</summary>
    private Errno WriteInfo(ReadOnlySpan<byte> info, VirtualAddress to, uint length)
    {
        ReadOnlySpan<byte> part = info[..(int)Math.Min((uint)info.Length, length)];
        Errno errno = part.IsEmpty ? Errno.None : _process.TryWrite(to, part);
        Span<byte> zero = stackalloc byte[256];
        zero.Clear();
        for (ulong at = (ulong)part.Length; errno == Errno.None && at < length;)
        {
            ReadOnlySpan<byte> chunk = zero[..(int)Math.Min((ulong)zero.Length, length - at)];
            errno = to.TryAdd(at, out VirtualAddress next) ? _process.TryWrite(next, chunk) : Errno.EFAULT;
            at += (ulong)chunk.Length;
        }

        return errno;
    }

    private Errno FaultQueueAlloc(UserCall call)
    {
        IommuFaultAlloc command = call.Read<IommuFaultAlloc>();
        if (command.Flags != 0)
        {
            return Errno.EOPNOTSUPP;
        }

        Errno errno = _files.TryReserve(out int descriptor);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = _context.CreateFaultQueue(out FaultQueue? queue, out EventQueueFile? file);
        if (errno == Errno.None)
        {
            command.OutFaultId = queue!.Id;
            command.OutFaultFd = descriptor;
            errno = call.Respond(in command);
        }

        return FinishFile(errno, descriptor, queue, file);
    }

    private Errno ViommuAlloc(UserCall call)
    {
        IommuViommuAlloc command = call.Read<IommuViommuAlloc>();
        if (command.Flags != 0 || command.Reserved != 0 || command.Type == 0)
        {
            return Errno.EOPNOTSUPP;
        }

        using Use<IommufdDevice> device = Find<IommufdDevice>(command.DevId);
        using Use<PagingHardwarePageTable> parent = Find<PagingHardwarePageTable>(command.HwptId);
        if (device.Object is null || parent.Object is null)
        {
            return Errno.ENOENT;
        }

        Errno errno = ReadData(command.DataAddress, command.DataLength, out byte[] data);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = _context.CreateVirtualIommu(device.Object, parent.Object, command.Type, data, out VirtualIommu? viommu);
        if (errno != Errno.None)
        {
            return errno;
        }

        command.OutViommuId = viommu!.Id;
        errno = data.Length == 0 ? Errno.None : _process.TryWrite(new(command.DataAddress), data);
        return Finish(errno == Errno.None ? call.Respond(in command) : errno, viommu);
    }

    private Errno VdeviceAlloc(UserCall call)
    {
        IommuVdeviceAlloc command = call.Read<IommuVdeviceAlloc>();
        using Use<VirtualIommu> viommu = Find<VirtualIommu>(command.ViommuId);
        if (viommu.Object is null || _context.Find(command.DevId, out IommufdDevice? device) != Errno.None)
        {
            return Errno.ENOENT;
        }

        Errno errno = _context.CreateVirtualDevice(viommu.Object, device!, command.VirtId, out VirtualDevice? made);
        if (errno != Errno.None)
        {
            return errno;
        }

        command.OutVdeviceId = made!.Id;
        return Finish(call.Respond(in command), made);
    }

    private Errno VeventqAlloc(UserCall call)
    {
        IommuVeventqAlloc command = call.Read<IommuVeventqAlloc>();
        if (command.Flags != 0 || command.Reserved != 0 || command.Type == 0)
        {
            return Errno.EOPNOTSUPP;
        }

        using Use<VirtualIommu> viommu = Find<VirtualIommu>(command.ViommuId);
        if (viommu.Object is null)
        {
            return command.Depth == 0 ? Errno.EINVAL : Errno.ENOENT;
        }

        Errno errno = _files.TryReserve(out int descriptor);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = _context.CreateEventQueue(viommu.Object, command.Type, command.Depth, out VirtualEventQueue? queue, out EventQueueFile? file);
        if (errno == Errno.None)
        {
            command.OutVeventqId = queue!.Id;
            command.OutVeventqFd = descriptor;
            errno = call.Respond(in command);
        }

        return FinishFile(errno, descriptor, queue, file);
    }

    private Errno HwQueueAlloc(UserCall call)
    {
        IommuHwQueueAlloc command = call.Read<IommuHwQueueAlloc>();
        if (command.Flags != 0 || command.Type == 0)
        {
            return Errno.EOPNOTSUPP;
        }

        using Use<VirtualIommu> viommu = Find<VirtualIommu>(command.ViommuId);
        if (viommu.Object is null)
        {
            return Errno.ENOENT;
        }

        Errno errno = _context.CreateHardwareQueue(viommu.Object, command.Type, command.Index, new(command.NestingParentIova), command.Length, out HardwareQueue? queue);
        if (errno != Errno.None)
        {
            return errno;
        }

        command.OutHwQueueId = queue!.Id;
        return Finish(call.Respond(in command), queue);
    }

    /// <summary>Gives the process the file of what was made, or unmakes it.</summary>
    private Errno FinishFile(Errno errno, int descriptor, IommufdObject? made, EventQueueFile? file)
    {
        if (errno == Errno.None)
        {
            _files.Install(descriptor, file!);
            return errno;
        }

        _files.Abandon(descriptor);
        file?.Dispose();
        made?.Destroy();
        return errno;
    }
}
