// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Dma.Iommufd;
using Physr.Dma.Iommufd.Uapi;
using Physr.Dma.Iommufd.Vfio;
using Physr.Dma.Tests.Iommufd.Hardware;
using Physr.Dma.Tests.Iommufd.Uapi;

namespace Physr.Dma.Tests.Iommufd.Vfio;

/// <summary>The VFIO type-1 view, as the suite's VFIO compat tests ask.</summary>
public sealed class VfioType1Tests
{
    private const ulong Length = 16 * 4096;

    public static TheoryData<uint> Versions => [(uint)VfioExtension.Type1V2, (uint)VfioExtension.Type1];

    [Fact]
    public void R71_simple_ioctls()
    {
        using UapiRig rig = new();
        Assert.Equal(Errno.None, rig.Ioctl.Call(VfioCommands.GetApiVersion, 0, out int version));
        Assert.Equal(VfioCommands.ApiVersion, version);
        int[] offered = [.. Enumerable.Range(0, 12).Where(extension => Check(rig, (ulong)extension) == 1)];
        Assert.Equal([(int)VfioExtension.Type1, (int)VfioExtension.Type1V2, (int)VfioExtension.UnmapAll], offered);
        Assert.Equal(0, Check(rig, ulong.MaxValue));
        Assert.Equal(0, Check(rig, (1UL << 32) + 1));
        Assert.Equal(Errno.ENOTTY, rig.Ioctl.Call(VfioCommands.GetApiVersion + 17, UserProcess.Base));
    }

    [Fact]
    public void R71_unmap_cmd()
    {
        using UapiRig rig = new();
        VfioDmaUnmap command = new() { ArgumentSize = 1, Iova = Mock.ApertureStart, Length = Length };
        Assert.Equal(Errno.EINVAL, rig.Call(VfioCommands.IommuUnmapDma, ref command));
        command.ArgumentSize = 24;
        command.Flags = 1U << 31;
        Assert.Equal(Errno.EINVAL, rig.Call(VfioCommands.IommuUnmapDma, ref command));
        command.Flags = 0;
        Assert.Equal(Errno.ENODEV, rig.Call(VfioCommands.IommuUnmapDma, ref command));
        Assert.Equal(Errno.EFAULT, rig.Ioctl.Call(VfioCommands.IommuUnmapDma, 0));
    }

    [Fact]
    public void R71_map_cmd()
    {
        using UapiRig rig = new();
        VfioDmaMap command = new() { ArgumentSize = 1, UserVa = UapiRig.Buffer.Value, Iova = Mock.ApertureStart, Length = Length };
        Assert.Equal(Errno.EINVAL, rig.Call(VfioCommands.IommuMapDma, ref command));
        command.ArgumentSize = 32;
        command.Flags = 1U << 31;
        Assert.Equal(Errno.EINVAL, rig.Call(VfioCommands.IommuMapDma, ref command));
        command.Flags = 0;
        Assert.Equal(Errno.EINVAL, rig.Call(VfioCommands.IommuMapDma, ref command));
        command.Flags = 3;
        Assert.Equal(Errno.ENODEV, rig.Call(VfioCommands.IommuMapDma, ref command));
        Assert.Equal(Errno.EFAULT, rig.Ioctl.Call(VfioCommands.IommuMapDma, 0));
    }

    [Fact]
    public void R71_info_cmd()
    {
        using UapiRig rig = new();
        VfioType1Info command = new() { ArgumentSize = 1 };
        Assert.Equal(Errno.EINVAL, rig.Call(VfioCommands.IommuGetInfo, ref command));
        command.ArgumentSize = 24;
        Assert.Equal(Errno.ENODEV, rig.Call(VfioCommands.IommuGetInfo, ref command));
        Assert.Equal(Errno.EFAULT, rig.Ioctl.Call(VfioCommands.IommuGetInfo, 0));
    }

    [Fact]
    public void R71_set_iommu_cmd()
    {
        using UapiRig rig = new();
        Assert.Equal(Errno.ENODEV, rig.Ioctl.Call(VfioCommands.SetIommu, (ulong)VfioExtension.Type1V2));
        Assert.Equal(Errno.ENODEV, rig.Ioctl.Call(VfioCommands.SetIommu, (ulong)VfioExtension.Type1));
        Assert.Equal(Errno.EINVAL, rig.Ioctl.Call(VfioCommands.SetIommu, (ulong)VfioExtension.SpaprTce));
        Assert.Equal(Errno.EINVAL, rig.Ioctl.Call(VfioCommands.SetIommu, ulong.MaxValue));
    }

    [Fact]
    public void R71_vfio_ioas()
    {
        using UapiRig rig = new();
        uint id = 0;
        Assert.Equal(Errno.ENODEV, rig.VfioIoas(VfioIoasOp.Get, ref id));
        id = 0xffff;
        Assert.Equal(Errno.ENOENT, rig.VfioIoas(VfioIoasOp.Set, ref id));
        uint ioas = rig.IoasAlloc();
        id = ioas;
        Assert.Equal(Errno.None, rig.VfioIoas(VfioIoasOp.Set, ref id));
        id = 0;
        Assert.Equal(Errno.None, rig.VfioIoas(VfioIoasOp.Get, ref id));
        Assert.Equal(ioas, id);
        Assert.Equal(Errno.None, rig.VfioIoas(VfioIoasOp.Clear, ref id));
        Assert.Equal(Errno.ENODEV, rig.VfioIoas(VfioIoasOp.Get, ref id));
        Assert.Equal(Errno.EOPNOTSUPP, rig.VfioIoas((VfioIoasOp)3, ref id));
        IommuVfioIoas reserved = new() { Reserved = 1 };
        Assert.Equal(Errno.EOPNOTSUPP, rig.Call(0x88, ref reserved));

        id = ioas;
        Assert.Equal(Errno.None, rig.VfioIoas(VfioIoasOp.Set, ref id));
        Assert.Equal(Errno.None, rig.Destroy(ioas));
        Assert.Equal(Errno.ENODEV, rig.VfioIoas(VfioIoasOp.Get, ref id));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void R71_vfio_compat_mock_domain_simple_close(uint version)
    {
        using UapiRig rig = Open(version, out _, out _);
        Assert.Equal(3, rig.Context.ObjectCount);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void R71_option_huge_pages(uint version)
    {
        using UapiRig rig = Open(version, out uint ioas, out _);
        ulong value = 3;
        Assert.Equal(Errno.None, rig.Option(IommufdOption.HugePages, IommufdOptionOp.Get, ioas, ref value));
        Assert.Equal(version == (uint)VfioExtension.Type1V2 ? 1UL : 0, value);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void R71_get_info(uint version)
    {
        using UapiRig rig = Open(version, out uint ioas, out _);
        VfioType1Info whole = GetInfo(rig, 24, out _);
        Assert.Equal(0U, whole.CapabilityOffset);
        Assert.Equal(3U, whole.Flags);
        Assert.Equal(4096UL | Mock.HugePageSize, whole.PageSizes);
        int total = (int)whole.ArgumentSize;
        for (int room = 0; room <= total + 40; room++)
        {
            VfioType1Info info = GetInfo(rig, (uint)room, out byte[] bytes);
            if (room < 16)
            {
                continue;
            }

            Assert.Equal((uint)total, info.ArgumentSize);
            if (room < total)
            {
                Assert.True(room < 20 || info.CapabilityOffset == 0);
                continue;
            }

            CheckChain(bytes, info, total, out (ulong Start, ulong Last)[] ranges, out uint available);
            Assert.Equal([(Mock.ApertureStart, Mock.ApertureEnd - 1)], ranges);
            Assert.Equal(uint.MaxValue, available);
        }

    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void R71_vfio_compat_mock_domain_map(uint version)
    {
        using UapiRig rig = Open(version, out uint ioas, out _);
        ulong iova = Mock.ApertureStart;
        Assert.Equal(Errno.None, Map(rig, iova, Length));
        Assert.Equal(Errno.None, Unmap(rig, iova, Length, out ulong unmapped));
        Assert.Equal(Length, unmapped);
        Assert.Equal(Errno.None, Unmap(rig, iova, Length, out unmapped));
        Assert.Equal(0UL, unmapped);
        Assert.Equal(Errno.None, Map(rig, iova, Length));
        Assert.Equal(Errno.EEXIST, Map(rig, iova + 4096, 4096));
        Assert.Equal(Errno.EINVAL, Unmap(rig, iova, Length, out _, VfioUnmapFlags.All));
        Assert.Equal(Errno.EINVAL, Unmap(rig, 0, Length, out _, VfioUnmapFlags.All));
        Assert.Equal(Errno.EINVAL, Unmap(rig, iova, Length, out _, VfioUnmapFlags.GetDirtyBitmap));
        Assert.Equal(Errno.EINVAL, Unmap(rig, 0, 0, out _, VfioUnmapFlags.All | VfioUnmapFlags.GetDirtyBitmap));
        Assert.Equal(Errno.EINVAL, Unmap(rig, iova, Length, out _, VfioUnmapFlags.VirtualAddress));
        Assert.Equal(1, rig.Object<IoAddressSpace>(ioas).AreaCount);
        Assert.Equal(Errno.None, Unmap(rig, 0, 0, out unmapped, VfioUnmapFlags.All));
        Assert.Equal(Length, unmapped);
        Assert.Equal(Errno.None, Unmap(rig, 0, 0, out unmapped, VfioUnmapFlags.All));
        Assert.Equal(0UL, unmapped);
        Assert.Equal(Errno.EINVAL, Unmap(rig, iova, 0, out _));
        Assert.Equal(Errno.EOVERFLOW, Unmap(rig, ulong.MaxValue - 4095, 8192, out _));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void R71_huge_map(uint version)
    {
        using UapiRig rig = Open(version, out uint ioas, out MockIommuDevice mock, pages: 1026);
        MockDomain domain = (MockDomain)mock.Attached[0];
        ulong length = 4 * Mock.HugePageSize;
        VirtualAddress buffer = UserProcess.Address(4096);
        VfioDmaMap command = new() { ArgumentSize = 32, Flags = 3, UserVa = buffer.Value, Iova = Mock.ApertureStart + 4096, Length = length };
        Assert.Equal(Errno.None, rig.Call(VfioCommands.IommuMapDma, ref command));
        Assert.Equal(version == (uint)VfioExtension.Type1V2, domain.HugeLeafCount != 0);
        ulong start = Mock.ApertureStart + 4096;
        if (version == (uint)VfioExtension.Type1V2)
        {
            foreach (ulong part in (ulong[])[4096, Mock.HugePageSize, length / 2])
            {
                Assert.Equal(Errno.ENOENT, Unmap(rig, start, part, out _));
                Assert.Equal(Errno.ENOENT, Unmap(rig, start + part, length - part, out _));
                Assert.Equal(Errno.ENOENT, Unmap(rig, start + (part / 2), part / 2, out _));
            }

            Assert.Equal(Errno.None, Unmap(rig, start, length, out ulong all));
            Assert.Equal(length, all);
            return;
        }

        ulong done = 0;
        foreach (ulong part in (ulong[])[4096, Mock.HugePageSize / 2, Mock.HugePageSize, 8192])
        {
            // From the middle, so that each cuts at both ends.
            Assert.Equal(Errno.None, Unmap(rig, start + done + 4096, part, out ulong unmapped));
            Assert.Equal(part, unmapped);
            Assert.False(domain.TryTranslate(new(start + done + 4096), out _));
            Assert.True(domain.TryTranslate(new(start + done), out _));
            Assert.True(domain.TryTranslate(new(start + done + 4096 + part), out _));
            done += part + 4096;
        }

        Assert.Equal(Errno.None, Unmap(rig, start, length, out ulong rest));
        Assert.Equal(length - (done - (4 * 4096)), rest);
        Assert.Equal(0, rig.Object<IoAddressSpace>(ioas).AreaCount);
        Assert.Equal(0, domain.LeafCount);
    }

    [Fact]
    public void R71_get_info_TellsWhatIsLeftOfTheLimitOfMappings_AndTheLimitHolds()
    {
        Assert.Equal(65535U, VfioType1Options.DefaultEntryLimit);
        using UapiRig rig = Open((uint)VfioExtension.Type1V2, out _, out _, limit: 2);
        Assert.Equal(Errno.None, Map(rig, Mock.ApertureStart, 4096));
        Assert.Equal(1U, Available(rig));
        Assert.Equal(Errno.None, Map(rig, Mock.ApertureStart + 4096, 4096));
        Assert.Equal(0U, Available(rig));
        Assert.Equal(Errno.ENOSPC, Map(rig, Mock.ApertureStart + 8192, 4096));
        Assert.Equal(Errno.None, Unmap(rig, Mock.ApertureStart, 4096, out _));
        Assert.Equal(1U, Available(rig));
        Assert.Equal(Errno.None, Map(rig, Mock.ApertureStart + 8192, 4096));
    }

    private static UapiRig Open(uint version, out uint ioas, out MockIommuDevice mock, int pages = 64, uint? limit = null)
    {
        UapiRig rig = new(pages, vfio: new() { EntryLimit = limit });
        mock = new();
        ioas = rig.IoasAlloc();
        IommufdDevice device = rig.Bind(mock);
        Assert.Equal(Errno.None, device.Attach(rig.Object<IoAddressSpace>(ioas)));
        uint id = ioas;
        Assert.Equal(Errno.None, rig.VfioIoas(VfioIoasOp.Set, ref id));
        Assert.Equal(Errno.None, rig.Ioctl.Call(VfioCommands.SetIommu, version));
        return rig;
    }

    private static int Check(UapiRig rig, ulong extension)
    {
        Assert.Equal(Errno.None, rig.Ioctl.Call(VfioCommands.CheckExtension, extension, out int result));
        return result;
    }

    private static Errno Map(UapiRig rig, ulong iova, ulong length)
    {
        VfioDmaMap command = new() { ArgumentSize = 32, Flags = 3, UserVa = UapiRig.Buffer.Value, Iova = iova, Length = length };
        return rig.Call(VfioCommands.IommuMapDma, ref command);
    }

    private static Errno Unmap(UapiRig rig, ulong iova, ulong length, out ulong unmapped, VfioUnmapFlags flags = VfioUnmapFlags.None)
    {
        VfioDmaUnmap command = new() { ArgumentSize = 24, Flags = (uint)flags, Iova = iova, Length = length };
        Errno errno = rig.Call(VfioCommands.IommuUnmapDma, ref command);
        unmapped = command.Length;
        return errno;
    }

    private static VfioType1Info GetInfo(UapiRig rig, uint room, out byte[] bytes)
    {
        bytes = [.. Enumerable.Repeat((byte)0xa5, (int)room + 64)];
        MemoryMarshal.Write(bytes, in room);
        Assert.Equal(Errno.None, rig.Process.TryWrite(UapiRig.Buffer, bytes));
        Assert.Equal(room < 16 ? Errno.EINVAL : Errno.None, rig.Ioctl.Call(VfioCommands.IommuGetInfo, UapiRig.Buffer.Value));
        Assert.Equal(Errno.None, rig.Process.TryRead(UapiRig.Buffer, bytes));
        Assert.All(bytes.AsSpan(Math.Max((int)room, 4)).ToArray(), static value => Assert.Equal(0xa5, value));
        return MemoryMarshal.Read<VfioType1Info>(bytes);
    }

    private static uint Available(UapiRig rig)
    {
        VfioType1Info info = GetInfo(rig, 4000, out byte[] bytes);
        CheckChain(bytes, info, (int)info.ArgumentSize, out _, out uint available);
        return available;
    }

    private static void CheckChain(byte[] bytes, VfioType1Info info, int total, out (ulong Start, ulong Last)[] ranges, out uint available)
    {
        (ranges, available) = ([], 0);
        List<ushort> ids = [];
        for (uint at = info.CapabilityOffset; at != 0;)
        {
            Assert.True(at % 8 == 0 && at + 8 <= total, "a capability lies outside of what was written");
            VfioCapabilityHeader header = MemoryMarshal.Read<VfioCapabilityHeader>(bytes.AsSpan((int)at));
            Assert.Equal(1, header.Version);
            ids.Add(header.Id);
            if (header.Id == 1)
            {
                VfioIovaRangesCapability capability = MemoryMarshal.Read<VfioIovaRangesCapability>(bytes.AsSpan((int)at));
                ranges = new (ulong, ulong)[capability.Count];
                for (int i = 0; i < ranges.Length; i++)
                {
                    VfioIovaRange range = MemoryMarshal.Read<VfioIovaRange>(bytes.AsSpan((int)at + 16 + (16 * i)));
                    ranges[i] = (range.Start, range.Last);
                }
            }
            else
            {
                available = MemoryMarshal.Read<VfioDmaAvailableCapability>(bytes.AsSpan((int)at)).Available;
            }

            Assert.True(header.Next == 0 || header.Next > at);
            at = header.Next;
        }

        Assert.Equal([(ushort)1, (ushort)3], ids);
    }
}
