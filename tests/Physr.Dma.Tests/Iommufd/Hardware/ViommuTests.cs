// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Physr.Dma.Iommu;
using Physr.Dma.Iommufd;
using Physr.Dma.Iommufd.Faults;
using Physr.Dma.Iommufd.Hardware;
using Physr.Dma.Iommufd.Uapi;
using Physr.Dma.Tests.Iommufd.Faults;
using Physr.Dma.Tests.Iommufd.Uapi;

namespace Physr.Dma.Tests.Iommufd.Hardware;

/// <summary>Virtual IOMMUs and what belongs to them, as the suite's iommufd_viommu fixture asks.</summary>
public sealed class ViommuTests
{
    private const uint NoObject = 0xffff;

    [Fact]
    public void R71_viommu_auto_destroy()
    {
        using ViommuRig rig = new();
        Assert.False(rig.Mock.Viommu!.IsDisposed);
    }

    [Fact]
    public void R71_viommu_negative_tests()
    {
        using ViommuRig rig = new();
        UapiRig uapi = rig.Uapi;
        Assert.Equal(Errno.ENOENT, uapi.ViommuAlloc(rig.Device.Id, 0, Mock.ViommuType, out _));
        Assert.Equal(Errno.ENOENT, uapi.ViommuAlloc(NoObject, rig.Parent, Mock.ViommuType, out _));
        Assert.Equal(Errno.None, uapi.HwptAlloc(rig.Device.Id, rig.Ioas, IommuDomainFlags.None, out uint plain));
        Assert.Equal(Errno.EINVAL, uapi.ViommuAlloc(rig.Device.Id, plain, Mock.ViommuType, out _));
        Assert.Equal(Errno.EOPNOTSUPP, uapi.ViommuAlloc(rig.Device.Id, rig.Parent, 0, out _));
        Assert.Equal(Errno.EOPNOTSUPP, uapi.ViommuAlloc(rig.Device.Id, rig.Parent, 0xdead, out _));
        Assert.Equal(Errno.EBUSY, uapi.Destroy(rig.Parent));
        Assert.Equal(Errno.EBUSY, uapi.Destroy(rig.Viommu));
        Assert.Equal(Errno.None, uapi.Destroy(rig.Nested));
        Assert.Equal(Errno.None, uapi.Destroy(rig.Viommu));
        Assert.Equal(Errno.None, uapi.Destroy(rig.Parent));
    }

    [Fact]
    public void R71_viommu_negative_tests_WithoutADevice()
    {
        using UapiRig rig = new();
        Assert.Equal(Errno.ENOENT, rig.ViommuAlloc(NoObject, NoObject, Mock.ViommuType, out _));
        Assert.Equal(Errno.ENOENT, rig.VdeviceAlloc(NoObject, NoObject, 0x99, out _));
        Assert.Equal(Errno.ENOENT, rig.VeventqAlloc(NoObject, Mock.EventType, 2, out _, out _));
        Assert.Equal(Errno.EINVAL, rig.VeventqAlloc(NoObject, Mock.EventType, 0, out _, out _));
        Assert.Equal(Errno.ENOENT, rig.HwQueueAlloc(NoObject, Mock.QueueType, 0, 0, 4096, out _));
    }

    [Fact]
    public void R78_viommu_alloc_nested_iopf()
    {
        using ViommuRig rig = new();
        UapiRig uapi = rig.Uapi;
        Assert.Equal(Errno.None, uapi.FaultAlloc(out uint faults, out int file));
        Assert.Equal(Errno.ENOENT, uapi.HwptAllocNested(rig.Device.Id, rig.Viommu, IommuDomainFlags.ReportFaults, out _, uint.MaxValue));
        Assert.Equal(Errno.EOPNOTSUPP, uapi.HwptAllocNested(rig.Device.Id, rig.Viommu, IommuDomainFlags.ReportFaults | (IommuDomainFlags)(1 << 31), out _, faults));
        Assert.Equal(Errno.None, uapi.HwptAllocNested(rig.Device.Id, rig.Viommu, IommuDomainFlags.ReportFaults, out uint hwpt, faults));

        HardwarePageTable table = uapi.Object<HardwarePageTable>(hwpt);
        Assert.Equal(Errno.ENOENT, rig.Device.Replace(table));
        Assert.Equal(Errno.None, uapi.VdeviceAlloc(rig.Viommu, rig.Device.Id, 0x99, out uint vdevice));
        Assert.Equal(Errno.None, rig.Device.Replace(table));
        Assert.Equal(Errno.EBUSY, uapi.Destroy(hwpt));
        FaultRecords.TriggerAndAnswer(rig.Device, rig.Mock, uapi.Files[file], pasid: 1);

        Assert.Equal(Errno.None, rig.Device.Replace(uapi.Object<IoAddressSpace>(rig.Ioas)));
        Assert.Equal(Errno.None, uapi.Destroy(hwpt));
        uapi.Files.Close(file);
        Assert.Equal(Errno.None, uapi.Destroy(faults));
        Assert.Equal(Errno.None, uapi.Destroy(vdevice));
    }

    [Fact]
    public void R71_viommu_alloc_with_data()
    {
        using ViommuRig rig = new();
        UapiRig uapi = rig.Uapi;
        ulong data = uapi.Data(new MockViommuData(0xbeef, 0, 0, 0));
        Assert.Equal(Errno.EINVAL, uapi.ViommuAlloc(rig.Device.Id, rig.Parent, Mock.ViommuType, out _, data, 23));
        Assert.Equal(Errno.EFAULT, uapi.ViommuAlloc(rig.Device.Id, rig.Parent, Mock.ViommuType, out _, 16, 24));
        Assert.Equal(Errno.None, uapi.ViommuAlloc(rig.Device.Id, rig.Parent, Mock.ViommuType, out uint viommu, data, 24));
        MockViommuData told = uapi.Process.Get<MockViommuData>(UserProcess.Address(UapiRig.DataOffset));
        Assert.Equal(0xbeefU, told.OutData);
        Assert.Equal(MockVirtualIommu.Registers.Length, told.OutMmapLength);

        Assert.Equal(Errno.ENXIO, uapi.Context.MapWindow(0, told.OutMmapLength, out _));
        Assert.Equal(Errno.ENXIO, uapi.Context.MapWindow(told.OutMmapOffset + 4096, told.OutMmapLength, out _));
        Assert.Equal(Errno.ENXIO, uapi.Context.MapWindow(told.OutMmapOffset - 4096, told.OutMmapLength, out _));
        Assert.Equal(Errno.ENXIO, uapi.Context.MapWindow(told.OutMmapOffset, told.OutMmapLength - 4096, out _));
        Assert.Equal(Errno.ENXIO, uapi.Context.MapWindow(told.OutMmapOffset, told.OutMmapLength * 2, out _));
        Assert.Equal(Errno.None, uapi.Context.MapWindow(told.OutMmapOffset, told.OutMmapLength, out RegisterWindowMapping? window));
        Assert.Equal(MockVirtualIommu.Registers, window!.Registers);
        Assert.Equal(Errno.EBUSY, uapi.Destroy(viommu));
        window.Dispose();
        window.Dispose();
        Assert.False(window.IsMapped);
        Assert.Equal(Errno.None, uapi.Destroy(viommu));
        Assert.Equal(Errno.ENXIO, uapi.Context.MapWindow(told.OutMmapOffset, told.OutMmapLength, out _));

        // A window that is still mapped when the context closes is no longer to be used.
        Assert.Equal(Errno.None, uapi.ViommuAlloc(rig.Device.Id, rig.Parent, Mock.ViommuType, out _, data, 24));
        told = uapi.Process.Get<MockViommuData>(UserProcess.Address(UapiRig.DataOffset));
        Assert.Equal(Errno.None, uapi.Context.MapWindow(told.OutMmapOffset, told.OutMmapLength, out window));
        uapi.Context.Dispose();
        Assert.False(window!.IsMapped);
        window.Dispose();
    }

    [Fact]
    public void R71_vdevice_alloc()
    {
        using ViommuRig rig = new();
        UapiRig uapi = rig.Uapi;
        Assert.Equal(Errno.ENOENT, rig.Device.Replace(uapi.Object<HardwarePageTable>(rig.Nested)));
        Assert.Equal(Errno.EOPNOTSUPP, uapi.VeventqAlloc(rig.Viommu, 0, 2, out _, out _));
        Assert.Equal(Errno.EOPNOTSUPP, uapi.VeventqAlloc(rig.Viommu, Mock.EventType + 1, 2, out _, out _));
        Assert.Equal(Errno.EINVAL, uapi.VeventqAlloc(rig.Viommu, Mock.EventType, 0, out _, out _));
        Assert.Equal(Errno.None, uapi.VeventqAlloc(rig.Viommu, Mock.EventType, 2, out uint queue, out int file));
        Assert.Equal(Errno.EEXIST, uapi.VeventqAlloc(rig.Viommu, Mock.EventType, 2, out _, out _));
        Assert.Equal(1, uapi.Files.OpenCount);
        Assert.Equal(Errno.ENOENT, rig.Mock.Viommu!.TriggerEvent(rig.Mock));

        Assert.Equal(Errno.None, uapi.VdeviceAlloc(rig.Viommu, rig.Device.Id, 0x99, out uint vdevice));
        Assert.Equal(Errno.EEXIST, uapi.VdeviceAlloc(rig.Viommu, rig.Device.Id, 0x99, out _));
        Assert.Equal(Errno.EEXIST, uapi.VdeviceAlloc(rig.Viommu, rig.Device.Id, 0x88, out _));
        IommufdDevice sibling = uapi.Bind(new MockIommuDevice { Unit = rig.Unit });
        Assert.Equal(Errno.EEXIST, uapi.VdeviceAlloc(rig.Viommu, sibling.Id, 0x99, out _));
        IommufdDevice elsewhere = uapi.Bind(new MockIommuDevice());
        Assert.Equal(Errno.EINVAL, uapi.VdeviceAlloc(rig.Viommu, elsewhere.Id, 0x77, out _));
        Assert.Equal(Errno.ENOENT, uapi.VdeviceAlloc(rig.Viommu, NoObject, 0x77, out _));
        Assert.Equal(Errno.None, rig.Device.Replace(uapi.Object<HardwarePageTable>(rig.Nested)));

        EventQueueFile events = uapi.Files[file];
        Assert.Equal(Errno.None, rig.Mock.Viommu.TriggerEvent(rig.Mock));
        Assert.True(events.IsReadable);
        AssertEvents(events, (0, 0, 0x99));
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(Errno.None, rig.Mock.Viommu.TriggerEvent(rig.Mock));
        }

        AssertEvents(events, (0, 1, 0x99), (0, 2, 0x99), (1, 5, null));
        Assert.False(events.IsReadable);
        Assert.Equal(Errno.EBADF, events.Write(new byte[8], out _));

        Assert.Equal(Errno.EBUSY, uapi.Destroy(queue));
        Assert.Equal(Errno.None, rig.Device.Replace(uapi.Object<IoAddressSpace>(rig.Ioas)));
        Assert.Equal(Errno.None, uapi.Destroy(vdevice));
        Assert.Equal(Errno.ENOENT, rig.Mock.Viommu.TriggerEvent(rig.Mock));
        Assert.Equal(Errno.None, uapi.VdeviceAlloc(rig.Viommu, rig.Device.Id, 0x88, out vdevice));
        Assert.Equal(Errno.None, rig.Mock.Viommu.TriggerEvent(rig.Mock));
        AssertEvents(events, (0, 6, 0x88));
        uapi.Files.Close(file);
        Assert.Equal(Errno.EBADF, events.Read(new byte[64], out _));
        Assert.Equal(Errno.None, uapi.Destroy(queue));
        Assert.Equal(Errno.EOPNOTSUPP, rig.Mock.Viommu.TriggerEvent(rig.Mock));
        Assert.Equal(Errno.None, uapi.Destroy(vdevice));
    }

    [Fact]
    public void R71_vdevice_alloc_AMarkForLostEventsIsTakenBackByANewerEvent_AndShortReadsTakeWhatFits()
    {
        using ViommuRig rig = new();
        UapiRig uapi = rig.Uapi;
        Assert.Equal(Errno.None, uapi.VeventqAlloc(rig.Viommu, Mock.EventType, 2, out uint queue, out int file));
        Assert.Equal(Errno.None, uapi.VdeviceAlloc(rig.Viommu, rig.Device.Id, 0x99, out _));
        EventQueueFile events = uapi.Files[file];
        int told = 0;
        uapi.Object<VirtualEventQueue>(queue).Readable = () => told++;
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(Errno.None, rig.Mock.Viommu!.TriggerEvent(rig.Mock));
        }

        Assert.Equal(4, told);
        Assert.Equal(Errno.None, events.Read(new byte[11], out int length));
        Assert.Equal(0, length);
        Assert.Equal(Errno.None, events.Read(new byte[12], out length));
        Assert.Equal(12, length);
        Assert.Equal(Errno.None, rig.Mock.Viommu!.TriggerEvent(rig.Mock));
        AssertEvents(events, (0, 1, 0x99), (0, 4, 0x99));
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(Errno.None, rig.Mock.Viommu.TriggerEvent(rig.Mock));
        }

        // Both events fit and the mark does not; it waits for the next read.
        Assert.Equal(Errno.None, events.Read(new byte[24 + 7], out length));
        Assert.Equal(24, length);
        AssertEvents(events, (1, 7, null));
    }

    [Fact]
    public void R71_vdevice_cache()
    {
        using ViommuRig rig = new();
        UapiRig uapi = rig.Uapi;
        Assert.Equal(Errno.None, uapi.VdeviceAlloc(rig.Viommu, rig.Device.Id, 0x99, out uint vdevice));
        uint count = 0;
        Assert.Equal(Errno.None, uapi.Invalidate<MockViommuInvalidation>(rig.Viommu, Mock.ViommuInvalidationType, 12, ref count));
        (uint Type, uint Length, MockViommuInvalidation Request, Errno Errno)[] refused =
        [
            (1, 12, new(0, 0x99, 0), Errno.EINVAL),
            (Mock.ViommuInvalidationType, 13, new(0, 0x99, 0), Errno.EINVAL),
            (Mock.ViommuInvalidationType, 1, new(0, 0x99, 0), Errno.EINVAL),
            (Mock.ViommuInvalidationType, 0, new(0, 0x99, 0), Errno.EINVAL),
            (Mock.ViommuInvalidationType, 12, new(uint.MaxValue, 0x99, 0), Errno.EOPNOTSUPP),
            (Mock.ViommuInvalidationType, 12, new(0, 0x99, Mock.CacheEntries), Errno.EINVAL),
            (Mock.ViommuInvalidationType, 12, new(0, 0x9, 0), Errno.EINVAL),
        ];
        foreach ((uint type, uint length, MockViommuInvalidation request, Errno errno) in refused)
        {
            count = 1;
            Assert.Equal(errno, uapi.Invalidate(rig.Viommu, type, length, ref count, request));
            Assert.Equal(0U, count);
        }

        count = 1;
        Assert.Equal(Errno.EINVAL, uapi.Invalidate(rig.Viommu, 0, Mock.ViommuInvalidationType, 12, ref count));
        AssertCache(rig, Mock.CacheDefault, Mock.CacheDefault, Mock.CacheDefault, Mock.CacheDefault);
        count = 2;
        Assert.Equal(Errno.EOPNOTSUPP, uapi.Invalidate(rig.Viommu, Mock.ViommuInvalidationType, 12, ref count, new MockViommuInvalidation(0, 0x99, 0), new(uint.MaxValue, 0x99, 1)));
        Assert.Equal(1U, count);
        AssertCache(rig, 0, Mock.CacheDefault, Mock.CacheDefault, Mock.CacheDefault);
        count = 2;
        Assert.Equal(Errno.EINVAL, uapi.Invalidate(rig.Viommu, Mock.ViommuInvalidationType, 12, ref count, new MockViommuInvalidation(0, 0x99, 0), new(0, 0x99, Mock.CacheEntries)));
        Assert.Equal(1U, count);
        count = 1;
        Assert.Equal(Errno.None, uapi.Invalidate(rig.Viommu, Mock.ViommuInvalidationType, 12, ref count, new MockViommuInvalidation(0, 0x99, 1)));
        AssertCache(rig, 0, 0, Mock.CacheDefault, Mock.CacheDefault);
        count = 2;
        Assert.Equal(Errno.None, uapi.Invalidate(rig.Viommu, Mock.ViommuInvalidationType, 12, ref count, new MockViommuInvalidation(0, 0x99, 2), new(0, 0x99, 3)));
        Assert.Equal(2U, count);
        AssertCache(rig, 0, 0, 0, 0);
        Array.Fill(rig.Mock.Cache, 1U);
        count = 1;
        Assert.Equal(Errno.None, uapi.Invalidate(rig.Viommu, Mock.ViommuInvalidationType, 12, ref count, new MockViommuInvalidation(Mock.InvalidateAll, 0x99, 0)));
        AssertCache(rig, 0, 0, 0, 0);
        Assert.Equal(Errno.None, uapi.Destroy(vdevice));
        count = 1;
        Assert.Equal(Errno.EINVAL, uapi.Invalidate(rig.Viommu, Mock.ViommuInvalidationType, 12, ref count, new MockViommuInvalidation(0, 0x99, 0)));
    }

    [Fact]
    public void R71_hw_queue()
    {
        using ViommuRig rig = new();
        UapiRig uapi = rig.Uapi;
        ulong iova = Mock.ApertureStart;
        Assert.Equal(Errno.EOPNOTSUPP, uapi.HwQueueAlloc(rig.Viommu, 0, 0, iova, 4096, out _));
        Assert.Equal(Errno.EOPNOTSUPP, uapi.HwQueueAlloc(rig.Viommu, Mock.QueueType + 1, 0, iova, 4096, out _));
        Assert.Equal(Errno.EINVAL, uapi.HwQueueAlloc(rig.Viommu, Mock.QueueType, 0, iova, 0, out _));
        Assert.Equal(Errno.EOVERFLOW, uapi.HwQueueAlloc(rig.Viommu, Mock.QueueType, 0, ulong.MaxValue, 4096, out _));
        Assert.Equal(Errno.ENOENT, uapi.HwQueueAlloc(rig.Viommu, Mock.QueueType, 0, iova, 4096, out _));
        Assert.Equal(Errno.None, uapi.Map(rig.Ioas, UapiRig.Buffer, 4096, ref iova, isFixed: true));
        ulong second = iova + 4096;
        Assert.Equal(Errno.None, uapi.Map(rig.Ioas, UserProcess.Address(8192), 8192, ref second, isFixed: true));

        Assert.Equal(Errno.EIO, uapi.HwQueueAlloc(rig.Viommu, Mock.QueueType, 1, iova, 4096, out _));
        Assert.Equal(Errno.EINVAL, uapi.HwQueueAlloc(rig.Viommu, Mock.QueueType, Mock.QueueCount, iova, 4096, out _));
        Assert.Equal(Errno.None, uapi.HwQueueAlloc(rig.Viommu, Mock.QueueType, 0, iova, 4096, out uint zero));
        Assert.Equal(uapi.Process.PhysicalOf(4096), uapi.Object<HardwareQueue>(zero).Memory.Start);
        Assert.Equal(Errno.EEXIST, uapi.HwQueueAlloc(rig.Viommu, Mock.QueueType, 0, iova, 4096, out _));
        Assert.Equal(Errno.EBUSY, uapi.Unmap(rig.Ioas, iova, 4096, out _));
        Assert.Equal(Errno.EBUSY, uapi.Unmap(rig.Ioas, 0, ulong.MaxValue, out _));

        Assert.Equal(Errno.None, uapi.HwQueueAlloc(rig.Viommu, Mock.QueueType, 1, second + 2048, 4096, out uint one));
        PhysicalRange memory = uapi.Object<HardwareQueue>(one).Memory;
        Assert.Equal(uapi.Process.PhysicalOf(8192 + 2048), memory.Start);
        Assert.Equal(4096UL, memory.Length);
        Assert.Equal(Errno.EBUSY, uapi.Unmap(rig.Ioas, second, 8192, out _));
        Assert.Equal(Errno.EBUSY, uapi.Destroy(zero));
        Assert.Equal(Errno.EBUSY, uapi.Destroy(rig.Viommu));
        Assert.Equal(Errno.None, uapi.Destroy(one));
        Assert.Equal(Errno.None, uapi.Unmap(rig.Ioas, second, 8192, out _));
        Assert.Equal(Errno.None, uapi.Destroy(zero));
        Assert.Equal(Errno.None, uapi.Unmap(rig.Ioas, iova, 4096, out _));
    }

    [Fact]
    public void R71_hw_queue_MemoryInPiecesIsRefused_AndUnpinned()
    {
        using ViommuRig rig = new(isScattered: true);
        ulong iova = Mock.ApertureStart;
        Assert.Equal(Errno.None, rig.Uapi.Map(rig.Ioas, UapiRig.Buffer, 8192, ref iova, isFixed: true));
        Assert.Equal(Errno.EFAULT, rig.Uapi.HwQueueAlloc(rig.Viommu, Mock.QueueType, 0, iova, 8192, out _));
        Assert.Equal(Errno.EFAULT, rig.Uapi.HwQueueAlloc(rig.Viommu, Mock.QueueType, 0, iova + 2048, 4096, out _));
        Assert.Equal(Errno.None, rig.Uapi.HwQueueAlloc(rig.Viommu, Mock.QueueType, 0, iova + 2048, 2048, out uint queue));
        Assert.Equal(Errno.None, rig.Uapi.Destroy(queue));
        Assert.Equal(Errno.None, rig.Uapi.Unmap(rig.Ioas, iova, 8192, out _));
    }

    [Fact]
    public void R71_vdevice_tombstone()
    {
        using ViommuRig rig = new();
        UapiRig uapi = rig.Uapi;
        Assert.Equal(Errno.None, uapi.VdeviceAlloc(rig.Viommu, rig.Device.Id, 0x99, out uint vdevice));
        Assert.Equal(Errno.None, rig.Device.Replace(uapi.Object<HardwarePageTable>(rig.Nested)));
        rig.Device.Unbind();
        Assert.Equal(Errno.ENOENT, uapi.Destroy(vdevice));
        Assert.Equal(0, rig.Mock.Viommu!.DeviceCount);
        Assert.Null(uapi.Object<VirtualIommu>(rig.Viommu).FindDevice(0x99));
        for (int i = 0; i < 16; i++)
        {
            Assert.NotEqual(vdevice, uapi.IoasAlloc());
        }

        IommufdDevice again = uapi.Bind(rig.Mock);
        Assert.Equal(Errno.None, uapi.VdeviceAlloc(rig.Viommu, again.Id, 0x99, out uint renewed));
        Assert.NotEqual(vdevice, renewed);
        Assert.Equal(Errno.None, uapi.Destroy(renewed));
    }

    private static void AssertCache(ViommuRig rig, params uint[] wanted) => Assert.Equal(wanted, rig.Mock.Cache);

    private static void AssertEvents(EventQueueFile file, params (uint Flags, uint Sequence, uint? Name)[] wanted)
    {
        byte[] bytes = new byte[1024];
        Assert.Equal(Errno.None, file.Read(bytes, out int length));
        List<(uint, uint, uint?)> found = [];
        for (int at = 0; at < length;)
        {
            IommufdVeventHeader header = MemoryMarshal.Read<IommufdVeventHeader>(bytes.AsSpan(at));
            at += Unsafe.SizeOf<IommufdVeventHeader>();
            uint? name = null;
            if (header.Flags == 0)
            {
                name = MemoryMarshal.Read<uint>(bytes.AsSpan(at));
                at += sizeof(uint);
            }

            found.Add((header.Flags, header.Sequence, name));
        }

        Assert.Equal(wanted, found);
    }
}
