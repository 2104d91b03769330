// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Dma.Iommu;
using Physr.Dma.Iommufd;
using Physr.Dma.Iommufd.Uapi;
using Physr.Dma.Tests.Iommufd.Faults;
using Physr.Dma.Tests.Iommufd.Uapi;

namespace Physr.Dma.Tests.Iommufd.Hardware;

/// <summary>Guests' page tables over a nesting parent, and what users are told of the hardware.</summary>
public sealed class NestedTests
{
    private const IommuDomainFlags Parent = IommuDomainFlags.NestParent;
    private const uint NoObject = 0xffff;

    [Fact]
    public void R71_alloc_hwpt_nested()
    {
        using UapiRig rig = new();
        MockIommuDevice mock = new();
        IommufdDevice device = rig.Bind(mock);
        uint ioas = rig.IoasAlloc();
        Assert.Equal(Errno.None, device.Attach(rig.Object<IoAddressSpace>(ioas)));

        Assert.Equal(Errno.ENOENT, rig.HwptAlloc(ioas, device.Id, IommuDomainFlags.None, out _));
        Assert.Equal(Errno.EINVAL, rig.HwptAlloc(device.Id, device.Id, IommuDomainFlags.None, out _));
        Assert.Equal(Errno.EINVAL, rig.HwptAlloc(device.Id, NoObject, IommuDomainFlags.None, out _));
        Assert.Equal(Errno.EOPNOTSUPP, rig.HwptAlloc(device.Id, ioas, (IommuDomainFlags)(1 << 30), out _));
        Assert.Equal(Errno.None, rig.FaultAlloc(out uint faults, out int file));
        Assert.Equal(Errno.EOPNOTSUPP, rig.HwptAlloc(device.Id, ioas, Parent | IommuDomainFlags.ReportFaults, out _, faults));

        Assert.Equal(Errno.None, rig.HwptAlloc(device.Id, ioas, Parent, out uint parent));
        Assert.Equal(Errno.None, rig.HwptAlloc(device.Id, ioas, IommuDomainFlags.None, out uint plain));

        ulong data = rig.Data(new MockHwptData(Mock.IotlbDefault));
        Assert.Equal(Errno.EINVAL, rig.HwptAlloc(device.Id, parent, IommuDomainFlags.None, out _, 0, 0, data, 4));
        Assert.Equal(Errno.EINVAL, rig.HwptAlloc(device.Id, parent, IommuDomainFlags.None, out _, 0, Mock.HwptDataType, data, 0));
        Assert.Equal(Errno.EOPNOTSUPP, rig.HwptAlloc(device.Id, parent, IommuDomainFlags.None, out _, 0, Mock.HwptDataType + 1, data, 4));
        Assert.Equal(Errno.EINVAL, rig.HwptAlloc(device.Id, parent, IommuDomainFlags.None, out _, 0, Mock.HwptDataType, data, 3));
        Assert.Equal(Errno.EFAULT, rig.HwptAlloc(device.Id, parent, IommuDomainFlags.None, out _, 0, Mock.HwptDataType, 0, 4));
        Assert.Equal(Errno.EOPNOTSUPP, rig.HwptAllocNested(device.Id, parent, Parent, out _));
        Assert.Equal(Errno.EOPNOTSUPP, rig.HwptAllocNested(device.Id, parent, IommuDomainFlags.DirtyTracking, out _));
        Assert.Equal(Errno.EINVAL, rig.HwptAllocNested(device.Id, plain, IommuDomainFlags.None, out _));
        Assert.Equal(Errno.EOPNOTSUPP, rig.HwptAlloc(device.Id, parent, IommuDomainFlags.None, out _));

        Assert.Equal(Errno.None, rig.HwptAllocNested(device.Id, parent, IommuDomainFlags.None, out uint first));
        Assert.Equal(Errno.None, rig.HwptAllocNested(device.Id, parent, IommuDomainFlags.None, out uint second));
        Assert.Equal(Errno.ENOENT, rig.HwptAllocNested(device.Id, parent, IommuDomainFlags.ReportFaults, out _, uint.MaxValue));
        Assert.Equal(Errno.None, rig.HwptAllocNested(device.Id, parent, IommuDomainFlags.ReportFaults, out uint faulting, faults));
        AssertIotlb(mock.Nested[0], Mock.IotlbDefault, Mock.IotlbDefault, Mock.IotlbDefault, Mock.IotlbDefault);
        AssertIotlb(mock.Nested[1], Mock.IotlbDefault, Mock.IotlbDefault, Mock.IotlbDefault, Mock.IotlbDefault);
        Assert.Equal(Errno.EINVAL, rig.HwptAllocNested(device.Id, first, IommuDomainFlags.None, out _));
        Assert.Equal(Errno.EBUSY, rig.Destroy(parent));

        CheckRefusedInvalidations(rig, parent, first, mock);
        CheckPartialInvalidations(rig, first, second, mock);

        Assert.Equal(Errno.None, device.Replace(rig.Object<HardwarePageTable>(first)));
        Assert.Same(mock.Nested[0], mock.Attached[0]);
        Assert.Equal(Errno.EBUSY, rig.Destroy(first));
        Assert.Equal(Errno.None, device.Replace(rig.Object<HardwarePageTable>(second)));
        Assert.Equal(Errno.EBUSY, rig.Destroy(second));
        Assert.Equal(Errno.None, rig.Destroy(first));
        Assert.Equal(Errno.None, device.Replace(rig.Object<HardwarePageTable>(faulting)));
        Assert.Equal(Errno.EBUSY, rig.Destroy(faulting));
        Assert.Equal(Errno.EBUSY, rig.Destroy(faults));
        FaultRecords.TriggerAndAnswer(device, mock, rig.Files[file], pasid: 1);

        Assert.Equal(Errno.None, device.Replace(rig.Object<IoAddressSpace>(ioas)));
        Assert.Equal(Errno.None, rig.Destroy(second));
        Assert.Equal(Errno.None, rig.Destroy(faulting));
        Assert.Equal(Errno.EBUSY, rig.Destroy(faults));
        rig.Files.Close(file);
        Assert.Equal(Errno.None, rig.Destroy(faults));
        device.Detach();
        Assert.Equal(Errno.None, rig.Destroy(parent));
        Assert.Equal(Errno.None, rig.Destroy(plain));
    }

    [Fact]
    public void R71_alloc_hwpt_nested_WithoutADevice()
    {
        using UapiRig rig = new();
        uint ioas = rig.IoasAlloc();
        Assert.Equal(Errno.ENOENT, rig.HwptAlloc(NoObject, ioas, Parent, out _));
        Assert.Equal(Errno.ENOENT, rig.HwptAllocNested(NoObject, ioas, IommuDomainFlags.None, out _));
        uint count = 0;
        Assert.Equal(Errno.ENOENT, rig.Invalidate<MockInvalidation>(NoObject, Mock.InvalidationType, 8, ref count));
    }

    [Fact]
    public void R71_get_hw_info()
    {
        using UapiRig rig = new();
        IommufdDevice device = rig.Bind(new MockIommuDevice());
        ReadOnlySpan<byte> wanted = MemoryMarshal.AsBytes(new ReadOnlySpan<MockHwInfo>(in MockIommuDevice.Info));
        foreach (uint type in (uint[])[0, Mock.HwInfoType])
        {
            foreach (int room in (int[])[0, 4, 7, 8, 9, 24, 1000])
            {
                IommuHwInfo command = GetInfo(rig, device.Id, type, room, out Errno errno);
                Assert.Equal(Errno.None, errno);
                Assert.Equal(8U, command.DataLength);
                Assert.Equal(Mock.HwInfoType, command.DataType);
                Assert.Equal(Mock.PasidBits, command.OutMaxPasidLog2);
                Assert.Equal(7UL, command.OutCapabilities);
                byte[] bytes = new byte[room + 1];
                Assert.Equal(Errno.None, rig.Process.TryRead(UserProcess.Address(UapiRig.BufferOffset), bytes));
                int told = Math.Min(room, 8);
                Assert.True(wanted[..told].SequenceEqual(bytes.AsSpan(0, told)));
                Assert.DoesNotContain(bytes[told..room], static value => value != 0);
                Assert.Equal(0xa5, bytes[room]);
            }
        }

        GetInfo(rig, device.Id, 1234, 8, out Errno unknown);
        Assert.Equal(Errno.EOPNOTSUPP, unknown);
        GetInfo(rig, NoObject, 0, 8, out Errno missing);
        Assert.Equal(Errno.ENOENT, missing);
        IommuHwInfo odd = new() { DevId = device.Id, Flags = 2 };
        Assert.Equal(Errno.EOPNOTSUPP, rig.Call(0x8a, ref odd));
        odd = new() { DevId = device.Id, Reserved2 = 1 };
        Assert.Equal(Errno.EOPNOTSUPP, rig.Call(0x8a, ref odd));
        odd = new() { DevId = device.Id, DataLength = 8 };
        Assert.Equal(Errno.EFAULT, rig.Call(0x8a, ref odd));
        odd = new() { DevId = device.Id, DataLength = uint.MaxValue, DataAddress = UapiRig.Buffer.Value };
        Assert.Equal(Errno.EFAULT, rig.Call(0x8a, ref odd));
    }

    [Fact]
    public void R71_get_hw_info_WithoutPasidsTellsNoPasidAbilities()
    {
        using UapiRig rig = new();
        IommufdDevice device = rig.Bind(new MockIommuDevice { PasidBits = 0 });
        IommuHwInfo command = GetInfo(rig, device.Id, 0, 8, out Errno errno);
        Assert.Equal(Errno.None, errno);
        Assert.Equal(0, command.OutMaxPasidLog2);
        Assert.Equal(1UL, command.OutCapabilities);
    }

    private static IommuHwInfo GetInfo(UapiRig rig, uint device, uint type, int room, out Errno errno)
    {
        Assert.Equal(Errno.None, rig.Process.TryWrite(UapiRig.Buffer, Enumerable.Repeat((byte)0xa5, room + 1).ToArray()));
        IommuHwInfo command = new() { DevId = device, Flags = type == 0 ? 0U : 1, DataType = type, DataLength = (uint)room, DataAddress = room == 0 ? 0 : UapiRig.Buffer.Value };
        errno = rig.Call(0x8a, ref command);
        return command;
    }

    private static void CheckRefusedInvalidations(UapiRig rig, uint parent, uint nested, MockIommuDevice mock)
    {
        uint count = 1;
        Assert.Equal(Errno.EINVAL, rig.Invalidate(parent, Mock.InvalidationType, 8, ref count, new MockInvalidation(0, 0)));
        Assert.Equal(0U, count);
        Assert.Equal(Errno.None, rig.Invalidate<MockInvalidation>(nested, Mock.InvalidationType, 8, ref count));
        Assert.Equal(0U, count);
        (uint Type, uint Length, MockInvalidation Request, Errno Errno)[] refused =
        [
            (Mock.InvalidationType + 1, 8, new(0, 0), Errno.EINVAL),
            (Mock.InvalidationType, 9, new(0, 0), Errno.EINVAL),
            (Mock.InvalidationType, 1, new(0, 0), Errno.EINVAL),
            (Mock.InvalidationType, 0, new(0, 0), Errno.EINVAL),
            (Mock.InvalidationType, 8, new(uint.MaxValue, 0), Errno.EOPNOTSUPP),
            (Mock.InvalidationType, 8, new(0, Mock.IotlbEntries), Errno.EINVAL),
        ];
        foreach ((uint type, uint length, MockInvalidation request, Errno errno) in refused)
        {
            count = 1;
            Assert.Equal(errno, rig.Invalidate(nested, type, length, ref count, request));
            Assert.Equal(0U, count);
        }

        count = 1;
        Assert.Equal(Errno.EINVAL, rig.Invalidate(nested, 0, Mock.InvalidationType, 8, ref count));
        Assert.Equal(0U, count);
        count = 1;
        Assert.Equal(Errno.EFAULT, rig.Invalidate(nested, 8, Mock.InvalidationType, 8, ref count));
        Assert.Equal(0U, count);
        AssertIotlb(mock.Nested[0], Mock.IotlbDefault, Mock.IotlbDefault, Mock.IotlbDefault, Mock.IotlbDefault);
    }

    private static void CheckPartialInvalidations(UapiRig rig, uint first, uint second, MockIommuDevice mock)
    {
        uint count = 2;
        Assert.Equal(Errno.EOPNOTSUPP, rig.Invalidate(first, Mock.InvalidationType, 8, ref count, new MockInvalidation(0, 0), new MockInvalidation(uint.MaxValue, 1)));
        Assert.Equal(1U, count);
        AssertIotlb(mock.Nested[0], 0, Mock.IotlbDefault, Mock.IotlbDefault, Mock.IotlbDefault);
        count = 2;
        Assert.Equal(Errno.EINVAL, rig.Invalidate(first, Mock.InvalidationType, 8, ref count, new MockInvalidation(0, 0), new MockInvalidation(0, Mock.IotlbEntries)));
        Assert.Equal(1U, count);
        AssertIotlb(mock.Nested[0], 0, Mock.IotlbDefault, Mock.IotlbDefault, Mock.IotlbDefault);
        count = 1;
        Assert.Equal(Errno.None, rig.Invalidate(first, Mock.InvalidationType, 8, ref count, new MockInvalidation(0, 1)));
        Assert.Equal(1U, count);
        AssertIotlb(mock.Nested[0], 0, 0, Mock.IotlbDefault, Mock.IotlbDefault);
        count = 2;
        Assert.Equal(Errno.None, rig.Invalidate(first, Mock.InvalidationType, 8, ref count, new MockInvalidation(0, 2), new MockInvalidation(0, 3)));
        Assert.Equal(2U, count);
        AssertIotlb(mock.Nested[0], 0, 0, 0, 0);
        count = 1;
        Assert.Equal(Errno.None, rig.Invalidate(second, Mock.InvalidationType, 8, ref count, new MockInvalidation(Mock.InvalidateAll, 0)));
        Assert.Equal(1U, count);
        AssertIotlb(mock.Nested[1], 0, 0, 0, 0);
    }

    private static void AssertIotlb(MockNestedDomain domain, params uint[] wanted) => Assert.Equal(wanted, domain.Iotlb);
}
