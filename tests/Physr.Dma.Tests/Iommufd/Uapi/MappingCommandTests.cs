// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd;
using Physr.Dma.Iommufd.Uapi;
using Physr.Dma.Sharing;
using Physr.Dma.Tests.Iommufd.Hardware;
using Physr.Dma.Tests.Sharing;

namespace Physr.Dma.Tests.Iommufd.Uapi;

/// <summary>Mapping, in bytes: what goes in and what comes back.</summary>
public sealed class MappingCommandTests
{
    private const uint ReadWrite = (uint)(IoMapFlags.Readable | IoMapFlags.Writeable);
    private const uint Fixed = ReadWrite | (uint)IoMapFlags.FixedIova;
    private const ulong Start = Mock.ApertureStart;

    [Fact]
    public void R71_R73_MapCopyAndUnmapSayWhereAndHowMuch()
    {
        using UapiRig rig = new();
        (uint ioas, MockDomain domain, _) = Attach(rig);
        ulong iova = 0;
        Assert.Equal(Errno.None, rig.Map(ioas, UserProcess.Address(8192), 8192, ref iova));
        Assert.True(iova >= Start);
        Assert.True(domain.TryReach(iova + 5, isWrite: true, out ulong physical));
        Assert.Equal(rig.Process.PhysicalOf(8192 + 5).Value, physical);

        IommuIoasCopy copy = new() { Flags = Fixed, SrcIoasId = ioas, DstIoasId = ioas, SrcIova = iova + 4096, DstIova = Start + (1 << 20), Length = 4096 };
        Assert.Equal(Errno.None, rig.Call(0x83, ref copy));
        Assert.True(domain.TryReach(copy.DstIova, isWrite: true, out physical));
        Assert.Equal(rig.Process.PhysicalOf(12288).Value, physical);
        Assert.Equal(Errno.ENOENT, rig.Unmap(ioas, iova, 4096, out _));
        Assert.Equal(Errno.None, rig.Unmap(ioas, iova, 8192, out ulong unmapped));
        Assert.Equal(8192UL, unmapped);
        Assert.Equal(Errno.None, rig.Unmap(ioas, 0, ulong.MaxValue, out unmapped));
        Assert.Equal(4096UL, unmapped);
        Assert.Equal(Errno.None, rig.Unmap(ioas, 0, ulong.MaxValue, out unmapped));
        Assert.Equal(0UL, unmapped);

        IommuIoasMap odd = new() { IoasId = ioas, Flags = 1 << 3, UserVa = UapiRig.Buffer.Value, Length = 4096 };
        Assert.Equal(Errno.EOPNOTSUPP, rig.Call(0x85, ref odd));
        odd = new() { IoasId = ioas, Flags = ReadWrite, Reserved = 1, UserVa = UapiRig.Buffer.Value, Length = 4096 };
        Assert.Equal(Errno.EOPNOTSUPP, rig.Call(0x85, ref odd));
        odd = new() { IoasId = ioas, Flags = 0, UserVa = UapiRig.Buffer.Value, Length = 4096 };
        Assert.Equal(Errno.EINVAL, rig.Call(0x85, ref odd));
        odd = new() { IoasId = ioas, Flags = ReadWrite, UserVa = 4096, Length = 4096 };
        Assert.Equal(Errno.EFAULT, rig.Call(0x85, ref odd));
        odd = new() { IoasId = 0xffff, Flags = ReadWrite, UserVa = UapiRig.Buffer.Value, Length = 4096 };
        Assert.Equal(Errno.ENOENT, rig.Call(0x85, ref odd));
        copy.SrcIoasId = 0xffff;
        Assert.Equal(Errno.ENOENT, rig.Call(0x83, ref copy));
    }

    [Fact]
    public void R71_RangesAreToldAsFarAsTheyFit_AndAllowedOnesReplaceOthers()
    {
        using UapiRig rig = new();
        (uint ioas, _, _) = Attach(rig);
        IommuIoasIovaRanges ask = new() { IoasId = ioas, NumIovas = 4, AllowedIovas = rig.Array<IommuIovaRange>(default, default) };
        Assert.Equal(Errno.None, rig.Call(0x84, ref ask));
        Assert.Equal((1U, Mock.PageSize), (ask.NumIovas, ask.OutIovaAlignment));
        Assert.Equal(new IommuIovaRange { Start = Start, Last = Mock.ApertureEnd - 1 }, rig.Process.Get<IommuIovaRange>(UserProcess.Address(UapiRig.ArrayOffset)));
        ask = new() { IoasId = ioas, NumIovas = 0 };
        Assert.Equal(Errno.EMSGSIZE, rig.Call(0x84, ref ask));
        Assert.Equal(1U, ask.NumIovas);
        ask = new() { IoasId = ioas, NumIovas = 4 };
        Assert.Equal(Errno.EFAULT, rig.Call(0x84, ref ask));

        IommuIoasAllowIovas allow = new() { IoasId = ioas, NumIovas = 1, AllowedIovas = rig.Array(new IommuIovaRange { Start = Start + (8UL << 20), Last = Start + (9UL << 20) - 1 }) };
        Assert.Equal(Errno.None, rig.Call(0x82, ref allow));
        ulong iova = 0;
        Assert.Equal(Errno.None, rig.Map(ioas, UapiRig.Buffer, 4096, ref iova));
        Assert.Equal(Start + (8UL << 20), iova);
        allow.AllowedIovas = rig.Array(new IommuIovaRange { Start = 0, Last = 4095 });
        Assert.Equal(Errno.EADDRINUSE, rig.Call(0x82, ref allow));
        allow.AllowedIovas = 0;
        Assert.Equal(Errno.EFAULT, rig.Call(0x82, ref allow));
        allow.NumIovas = uint.MaxValue;
        Assert.Equal(Errno.ENOMEM, rig.Call(0x82, ref allow));
        allow.NumIovas = 0;
        Assert.Equal(Errno.None, rig.Call(0x82, ref allow));
    }

    [Fact]
    public void R71_R74_AFilesNumberMapsItsPages_OrADevicesMemory()
    {
        using UapiRig rig = new();
        (uint ioas, MockDomain domain, _) = Attach(rig);
        FakeRam ram = new();
        FakeFile file = new(ram, 8192);
        SliceHost host = new();
        DmaBuf buffer = host.Export(new BarSlice(0x4000, 8192));
        rig.Files.Mappable.Add(100, file);
        rig.Files.Buffers.Add(101, buffer);
        IommuIoasMapFile map = new() { IoasId = ioas, Flags = Fixed, Fd = 100, Start = 4096, Length = 4096, Iova = Start };
        Assert.Equal(Errno.None, rig.Call(0x8f, ref map));
        Assert.True(domain.TryReach(Start, isWrite: false, out _));
        map = new() { IoasId = ioas, Flags = Fixed, Fd = 101, Start = 4096, Length = 4096, Iova = Start + 4096 };
        Assert.Equal(Errno.None, rig.Call(0x8f, ref map));
        Assert.True(domain.TryReach(Start + 4096, isWrite: true, out ulong physical));
        Assert.Equal(SliceHost.BarStart + 0x5000, physical);
        map.Fd = -1;
        Assert.Equal(Errno.EBADF, rig.Call(0x8f, ref map));
        map.Fd = 100;
        map.Flags |= 1U << 9;
        Assert.Equal(Errno.EOPNOTSUPP, rig.Call(0x8f, ref map));
        Assert.Equal(Errno.None, rig.Unmap(ioas, 0, ulong.MaxValue, out ulong unmapped));
        Assert.Equal(8192UL, unmapped);
        host.AssertNothingLeft(buffer);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void R77_ABitmapLongerThanAPageIsWrittenToItsEnd(int misalignment)
    {
        const ulong Run = 32 * 4096;
        const ulong Runs = 640;
        using UapiRig rig = new();
        (uint ioas, MockDomain domain, uint table) = Attach(rig, IommuDomainFlags.DirtyTracking);
        for (ulong i = 0; i < Runs; i++)
        {
            ulong iova = Start + (i * Run);
            Assert.Equal(Errno.None, rig.Map(ioas, UserProcess.Address(8192), Run, ref iova, isFixed: true));
        }

        IommuHwptSetDirtyTracking track = new() { HwptId = table, Flags = 1 };
        Assert.Equal(Errno.None, rig.Call(0x8b, ref track));

        // A bit for each 2 KiB: 5120 bytes. The first part of 4096 bytes and what follows it are both written to.
        ulong[] pages = [0, 7, 32766, 32768, 32769, 40000, (Runs * Run / 2048) - 2];
        Assert.All(pages, page => Assert.True(domain.TryReach(Start + (page * 2048), isWrite: true, out _)));
        ulong bitmap = UserProcess.Address(40 * 4096).Value + (ulong)misalignment;
        byte[] expected = new byte[Runs * Run / 2048 / 8];
        byte[] bits = new byte[expected.Length];
        Assert.Equal(Errno.None, rig.Process.TryWrite(new(bitmap), bits));
        IommuHwptGetDirtyBitmap get = new() { HwptId = table, Iova = Start, Length = Runs * Run, PageSize = 2048, Data = bitmap };
        Assert.Equal(Errno.None, rig.Call(0x8c, ref get));
        Assert.Equal(Errno.None, rig.Process.TryRead(new(bitmap), bits));
        Array.ForEach(pages, page => expected[page / 8] |= (byte)(1 << (int)(page % 8)));
        Assert.Equal(expected, bits);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void R77_DirtyPagesAreAddedToABitmapAnywhere(int misalignment)
    {
        using UapiRig rig = new();
        (uint ioas, MockDomain domain, uint table) = Attach(rig, IommuDomainFlags.DirtyTracking);
        ulong iova = Start;
        Assert.Equal(Errno.None, rig.Map(ioas, UserProcess.Address(8192), 32 * 4096, ref iova, isFixed: true));
        IommuHwptSetDirtyTracking track = new() { HwptId = table, Flags = 1 };
        Assert.Equal(Errno.None, rig.Call(0x8b, ref track));
        track.Flags = 2;
        Assert.Equal(Errno.EOPNOTSUPP, rig.Call(0x8b, ref track));
        track = new() { HwptId = 0xffff };
        Assert.Equal(Errno.ENOENT, rig.Call(0x8b, ref track));
        foreach (ulong page in (ulong[])[1, 9, 31])
        {
            Assert.True(domain.TryReach(Start + (page * 4096), isWrite: true, out _));
        }

        ulong bitmap = UapiRig.Buffer.Value + (ulong)misalignment;
        rig.Process.Put(new VirtualAddress(bitmap), 0x8000_0000_0000_0004UL);
        IommuHwptGetDirtyBitmap get = new() { HwptId = table, Flags = 1, Iova = Start, Length = 32 * 4096, PageSize = 4096, Data = bitmap };
        Assert.Equal(Errno.None, rig.Call(0x8c, ref get));
        Assert.Equal(0x8000_0000_8000_0206UL, rig.Process.Get<ulong>(new VirtualAddress(bitmap)));
        get.Flags = 0;
        rig.Process.Put(new VirtualAddress(bitmap), 0UL);
        Assert.Equal(Errno.None, rig.Call(0x8c, ref get));
        Assert.Equal(0x8000_0202UL, rig.Process.Get<ulong>(new VirtualAddress(bitmap)));
        rig.Process.Put(new VirtualAddress(bitmap), 0UL);
        Assert.Equal(Errno.None, rig.Call(0x8c, ref get));
        Assert.Equal(0UL, rig.Process.Get<ulong>(new VirtualAddress(bitmap)));

        // What cannot be told is not forgotten.
        Assert.True(domain.TryReach(Start, isWrite: true, out _));
        get.Data = 8;
        Assert.Equal(Errno.EFAULT, rig.Call(0x8c, ref get));
        get.Data = bitmap;
        Assert.Equal(Errno.None, rig.Call(0x8c, ref get));
        Assert.Equal(1UL, rig.Process.Get<ulong>(new VirtualAddress(bitmap)));
        (ulong Iova, ulong Length, ulong PageSize, Errno Errno)[] wrong =
        [
            (Start, 0, 4096, Errno.EINVAL), (Start, 4096, 4095, Errno.EINVAL), (Start, 4096, 0, Errno.EINVAL), (Start, 33 * 4096, 4096, Errno.EINVAL),
            (ulong.MaxValue - 4095, 8192, 4096, Errno.EOVERFLOW), (Start, ulong.MaxValue - Start, 1, Errno.EINVAL),
        ];
        foreach ((ulong at, ulong length, ulong size, Errno errno) in wrong)
        {
            get = new() { HwptId = table, Iova = at, Length = length, PageSize = size, Data = bitmap };
            Assert.Equal(errno, rig.Call(0x8c, ref get));
        }
    }

    [Fact]
    public void R75b_R71_ChangingTheProcessAndAskingForPhysicalAddressesAreCheckedInBytes()
    {
        using UapiRig rig = new();
        (uint ioas, _, _) = Attach(rig);
        IommuIoasChangeProcess change = default;
        Assert.Equal(Errno.None, rig.Call(0x92, ref change));
        change.Reserved = 1;
        Assert.Equal(Errno.EOPNOTSUPP, rig.Call(0x92, ref change));
        ulong iova = 0;
        Assert.Equal(Errno.None, rig.Map(ioas, UapiRig.Buffer, 4096, ref iova));
        change.Reserved = 0;
        Assert.Equal(Errno.EINVAL, rig.Call(0x92, ref change));

        // No device here is without an IOMMU.
        IommuIoasNoIommuGetPa ask = new() { IoasId = ioas, Iova = iova };
        Assert.Equal(Errno.EOPNOTSUPP, rig.Call(0x95, ref ask));
        ask.IoasId = 0xffff;
        Assert.Equal(Errno.ENOENT, rig.Call(0x95, ref ask));
    }

    private static (uint Ioas, MockDomain Domain, uint Table) Attach(UapiRig rig, IommuDomainFlags flags = IommuDomainFlags.None)
    {
        IommufdDevice device = rig.Bind(new MockIommuDevice());
        uint ioas = rig.IoasAlloc();
        Assert.Equal(Errno.None, rig.HwptAlloc(device.Id, ioas, flags, out uint table));
        HardwarePageTable made = rig.Object<HardwarePageTable>(table);
        Assert.Equal(Errno.None, device.Attach(made));
        return (ioas, (MockDomain)made.Domain, table);
    }
}
