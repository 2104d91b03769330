// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd;
using Physr.Dma.Iommufd.Uapi;
using Physr.Dma.Tests.Iommufd.Hardware;

namespace Physr.Dma.Tests.Iommufd.Uapi;

/// <content>The commands, one method each.</content>
internal sealed partial class UapiRig
{
    public uint IoasAlloc()
    {
        IommuIoasAlloc command = default;
        Assert.Equal(Errno.None, Call(0x81, ref command));
        return command.OutIoasId;
    }

    public Errno Destroy(uint id)
    {
        IommuDestroy command = new() { Id = id };
        return Call(0x80, ref command);
    }

    public Errno Map(uint ioas, VirtualAddress user, ulong length, ref ulong iova, bool isFixed = false)
    {
        IoMapFlags flags = IoMapFlags.Readable | IoMapFlags.Writeable | (isFixed ? IoMapFlags.FixedIova : IoMapFlags.None);
        IommuIoasMap command = new() { IoasId = ioas, Flags = (uint)flags, UserVa = user.Value, Length = length, Iova = iova };
        Errno errno = Call(0x85, ref command);
        iova = command.Iova;
        return errno;
    }

    public Errno Unmap(uint ioas, ulong iova, ulong length, out ulong unmapped)
    {
        IommuIoasUnmap command = new() { IoasId = ioas, Iova = iova, Length = length };
        Errno errno = Call(0x86, ref command);
        unmapped = command.Length;
        return errno;
    }

    public Errno HwptAlloc(uint device, uint on, IommuDomainFlags flags, out uint hwpt, uint faults = 0, uint dataType = 0, ulong data = 0, uint dataLength = 0)
    {
        IommuHwptAlloc command = new() { DevId = device, PtId = on, Flags = (uint)flags, FaultId = faults, DataType = dataType, DataAddress = data, DataLength = dataLength };
        Errno errno = Call(0x89, ref command);
        hwpt = command.OutHwptId;
        return errno;
    }

    public Errno HwptAllocNested(uint device, uint on, IommuDomainFlags flags, out uint hwpt, uint faults = 0, uint dataType = Mock.HwptDataType) =>
        HwptAlloc(device, on, flags, out hwpt, faults, dataType, Data(new MockHwptData(Mock.IotlbDefault)), 4);

    public Errno Invalidate<T>(uint target, uint type, uint entryLength, ref uint count, params ReadOnlySpan<T> requests)
        where T : unmanaged => Invalidate(target, Array(requests), type, entryLength, ref count);

    public Errno Invalidate(uint target, ulong address, uint type, uint entryLength, ref uint count)
    {
        IommuHwptInvalidate command = new() { HwptId = target, DataAddress = address, DataType = type, EntryLength = entryLength, EntryCount = count };
        Errno errno = Call(0x8d, ref command);
        count = command.EntryCount;
        return errno;
    }

    public Errno FaultAlloc(out uint id, out int descriptor)
    {
        IommuFaultAlloc command = default;
        Errno errno = Call(0x8e, ref command);
        (id, descriptor) = (command.OutFaultId, command.OutFaultFd);
        return errno;
    }

    public Errno ViommuAlloc(uint device, uint hwpt, uint type, out uint viommu, ulong data = 0, uint dataLength = 0)
    {
        IommuViommuAlloc command = new() { DevId = device, HwptId = hwpt, Type = type, DataAddress = data, DataLength = dataLength };
        Errno errno = Call(0x90, ref command);
        viommu = command.OutViommuId;
        return errno;
    }

    public Errno VdeviceAlloc(uint viommu, uint device, ulong name, out uint vdevice)
    {
        IommuVdeviceAlloc command = new() { ViommuId = viommu, DevId = device, VirtId = name };
        Errno errno = Call(0x91, ref command);
        vdevice = command.OutVdeviceId;
        return errno;
    }

    public Errno VeventqAlloc(uint viommu, uint type, uint depth, out uint id, out int descriptor)
    {
        IommuVeventqAlloc command = new() { ViommuId = viommu, Type = type, Depth = depth };
        Errno errno = Call(0x93, ref command);
        (id, descriptor) = (command.OutVeventqId, command.OutVeventqFd);
        return errno;
    }

    public Errno HwQueueAlloc(uint viommu, uint type, uint index, ulong iova, ulong length, out uint id)
    {
        IommuHwQueueAlloc command = new() { ViommuId = viommu, Type = type, Index = index, NestingParentIova = iova, Length = length };
        Errno errno = Call(0x94, ref command);
        id = command.OutHwQueueId;
        return errno;
    }

    public Errno VfioIoas(VfioIoasOp op, ref uint ioas)
    {
        IommuVfioIoas command = new() { IoasId = ioas, Op = (ushort)op };
        Errno errno = Call(0x88, ref command);
        ioas = command.IoasId;
        return errno;
    }

    public Errno Option(IommufdOption option, IommufdOptionOp op, uint id, ref ulong value)
    {
        IommuOption command = new() { OptionId = (uint)option, Op = (ushort)op, ObjectId = id, Val64 = value };
        Errno errno = Call(0x87, ref command);
        value = command.Val64;
        return errno;
    }

    public T Object<T>(uint id)
        where T : IommufdObject
    {
        Assert.Equal(Errno.None, Context.Find(id, out T? found));
        return found!;
    }
}
