// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd;
using Physr.Dma.Sharing;
using Physr.Machine.Bus;
using Physr.Machine.Fabric;
using Physr.Machine.Simulation;

namespace Physr.Machine.Tests.Iommu;

/// <summary>Devices of the machine in a user's I/O address spaces: what is mapped there is what their accesses reach over the fabric, and nothing else.</summary>
public sealed class AddressSpaceTests : IDisposable
{
    private const ulong Page = PageSize.Size4K;
    private const IoMapFlags ReadWrite = IoMapFlags.Readable | IoMapFlags.Writeable;

    private readonly IommuHost _host = new();
    private readonly UserProcess _process;
    private readonly IommufdContext _context;
    private readonly byte[] _bytes = new byte[3 * Page];
    private readonly byte[] _back = new byte[3 * Page];

    public AddressSpaceTests()
    {
        _process = new(_host.Machine, 64);
        _context = new(_process, new() { Memory = _host.Machine.Memory });
        new SeededRandom(31).Fill(_bytes);
    }

    [Fact]
    public void R71_ADeviceReachesTheProcesssPagesAtTheirIova_AndNothingAround()
    {
        (IoAddressSpace ioas, _) = Attach("a");
        DmaAddress iova = default;
        Assert.Equal(Errno.None, ioas.Map(UserProcess.At(5 * Page), 3 * Page, ref iova, ReadWrite));

        // The pages are in no order in RAM; for the device they are.
        Assert.True(_host.Bus.Write(iova, _bytes, Traffic.Payload).IsSuccess);
        Assert.Equal(Errno.None, _process.TryRead(UserProcess.At(5 * Page), _back));
        Assert.Equal(_bytes, _back);
        Assert.Equal(Errno.None, _process.TryWrite(UserProcess.At((6 * Page) + 100), [1, 2, 3]));
        Assert.True(_host.Bus.Read(iova.Add(Page + 100), _back.AsSpan(0, 3), Traffic.Payload).IsSuccess);
        Assert.Equal([1, 2, 3], _back[..3]);

        Assert.Equal(BusStatus.IommuFault, _host.Bus.Write(iova.Add(3 * Page), _bytes.AsSpan(0, 1), Traffic.Payload).Status);
        Assert.Equal(BusStatus.IommuFault, _host.Bus.Read(new(iova.Value - 1), _back.AsSpan(0, 1), Traffic.Payload).Status);
        Assert.Equal(Errno.None, ioas.Unmap(iova, 3 * Page, out ulong unmapped));
        Assert.Equal(3 * Page, unmapped);
        Assert.Equal(BusStatus.IommuFault, _host.Bus.Read(iova, _back, Traffic.Payload).Status);
        Assert.Equal(0, _process.Pins);
    }

    [Fact]
    public void R71_WhatIsMappedToBeReadIsNotWritten()
    {
        (IoAddressSpace ioas, _) = Attach("a");
        Assert.Equal(Errno.None, _process.TryWrite(UserProcess.At(0), _bytes));
        DmaAddress iova = default;
        Assert.Equal(Errno.None, ioas.Map(UserProcess.At(0), 3 * Page, ref iova, IoMapFlags.Readable));
        Assert.True(_host.Bus.Read(iova, _back, Traffic.Payload).IsSuccess);
        Assert.Equal(_bytes, _back);
        Assert.Equal(BusStatus.IommuFault, _host.Bus.Write(iova, new byte[8], Traffic.Payload).Status);
        Assert.Equal(Errno.None, _process.TryRead(UserProcess.At(0), _back));
        Assert.Equal(_bytes, _back);
    }

    [Fact]
    public void R73a_TwoDevicesMeetInPagesThatACopyPinsOnce()
    {
        (IoAddressSpace first, _) = Attach("a");
        (IoAddressSpace second, _) = Attach("c");
        DmaAddress iova = default;
        DmaAddress copy = new(0x4000_0000);
        Assert.Equal(Errno.None, first.Map(UserProcess.At(8 * Page), 3 * Page, ref iova, ReadWrite));
        Assert.Equal(Errno.None, second.Copy(first, iova, 3 * Page, ref copy, ReadWrite | IoMapFlags.FixedIova));
        Assert.Equal(3, _process.Pins);
        Assert.True(_host.Bus.Write(iova, _bytes, Traffic.Payload).IsSuccess);
        IDeviceBus other = _host.Host.Device("c").Bus;
        Assert.True(other.Read(copy, _back, Traffic.Payload).IsSuccess);
        Assert.Equal(_bytes, _back);

        // Each in its own address space: the other's addresses are nothing to it.
        Assert.Equal(BusStatus.IommuFault, _host.Bus.Read(copy, _back, Traffic.Payload).Status);
        Assert.Equal(Errno.None, first.Unmap(iova, 3 * Page, out _));
        Assert.True(other.Read(copy, _back, Traffic.Payload).IsSuccess);
        Assert.Equal(3, _process.Pins);
    }

    [Fact]
    public void R77_TheDirtyBitmapHasThePagesThatTheDeviceWrote_AndNoOther()
    {
        Assert.Equal(Errno.None, _context.CreateAddressSpace(out IoAddressSpace? ioas));
        Assert.Equal(Errno.None, _context.Bind(_host.Machine.Iommu!.DeviceOf(_host.A), out IommufdDevice? device));
        Assert.Equal(Errno.None, _context.CreatePageTable(device!, ioas!, IommuDomainRequest.Paging(IommuDomainFlags.DirtyTracking), out PagingHardwarePageTable? table));
        Assert.Equal(Errno.None, device!.Attach(table!));
        DmaAddress iova = default;
        Assert.Equal(Errno.None, ioas!.Map(UserProcess.At(0), 64 * Page, ref iova, ReadWrite));
        Assert.Equal(Errno.None, table!.SetDirtyTracking(true));
        Assert.True(_host.Bus.Write(iova.Add((9 * Page) + 4000), _bytes.AsSpan(0, 200), Traffic.Payload).IsSuccess);
        Assert.True(_host.Bus.Read(iova.Add(20 * Page), _back, Traffic.Payload).IsSuccess);
        Assert.True(_host.Bus.Write(iova.Add(63 * Page), _bytes.AsSpan(0, 1), Traffic.Payload).IsSuccess);
        byte[] bits = new byte[8];
        Assert.Equal(Errno.None, table.GetDirtyBitmap(iova, 64 * Page, Page, clear: true, bits));
        Assert.Equal((1UL << 9) | (1UL << 10) | (1UL << 63), BitConverter.ToUInt64(bits));

        // Cleared, and the IOTLB with it: the next write is seen again.
        Assert.True(_host.Bus.Write(iova.Add(63 * Page), _bytes.AsSpan(0, 1), Traffic.Payload).IsSuccess);
        Array.Clear(bits);
        Assert.Equal(Errno.None, table.GetDirtyBitmap(iova, 64 * Page, Page, clear: true, bits));
        Assert.Equal(1UL << 63, BitConverter.ToUInt64(bits));
    }

    [Fact]
    public void R74c_APeersSlicesAreReachedThroughTheIommu_UntilTheyAreRevoked_AndOnlyANewMapReachesThemAgain()
    {
        FabricNode owner = _host.Machine.Fabric["c"];
        BarSliceExporter exporter = new(_host.Machine.Providers(owner), _host.Machine.Mapper, _host.Machine.Routes);
        Assert.Equal(Errno.None, exporter.TryExport(2, 0, [new(0x3000, 3 * Page)], out DmaBuf? buffer));
        (IoAddressSpace ioas, _) = Attach("a");
        DmaAddress iova = default;
        Assert.Equal(Errno.None, ioas.MapDmaBuf(buffer!, 0, 3 * Page, ref iova, ReadWrite));
        Assert.True(_host.Bus.Write(iova, _bytes, Traffic.Payload).IsSuccess);
        _host.Host.Device("c").Memory.Read(0x3000, _back);
        Assert.Equal(_bytes, _back);
        Assert.Equal(0UL, _host.Machine.Fabric.Dram.PayloadBytes);

        Assert.Equal(Errno.None, exporter.SetMemoryEnabled(false));
        Assert.Equal(BusStatus.IommuFault, _host.Bus.Write(iova, new byte[16], Traffic.Payload).Status);
        Assert.Equal(Errno.None, exporter.SetMemoryEnabled(true));
        Assert.Equal(BusStatus.IommuFault, _host.Bus.Read(iova, _back, Traffic.Payload).Status);
        Assert.Equal(Errno.None, ioas.Unmap(iova, 3 * Page, out _));
        Assert.Equal(Errno.None, ioas.MapDmaBuf(buffer!, 0, 3 * Page, ref iova, ReadWrite));
        Assert.True(_host.Bus.Read(iova, _back, Traffic.Payload).IsSuccess);
        Assert.Equal(_bytes, _back);
        Assert.Equal(Errno.None, ioas.Unmap(iova, 3 * Page, out _));
        buffer!.Release();
    }

    [Fact]
    public void R71_ReplacingTheAddressSpaceChangesWhatTheSameAddressIs()
    {
        (IoAddressSpace before, IommufdDevice device) = Attach("a");
        Assert.Equal(Errno.None, _context.CreateAddressSpace(out IoAddressSpace? after));
        DmaAddress iova = new(0x1000_0000);
        Assert.Equal(Errno.None, before.Map(UserProcess.At(0), Page, ref iova, ReadWrite | IoMapFlags.FixedIova));
        Assert.Equal(Errno.None, after!.Map(UserProcess.At(Page), Page, ref iova, ReadWrite | IoMapFlags.FixedIova));
        Assert.Equal(Errno.None, _process.TryWrite(UserProcess.At(0), [11]));
        Assert.Equal(Errno.None, _process.TryWrite(UserProcess.At(Page), [22]));
        Assert.Equal(11, ReadByte(iova));
        Assert.Equal(Errno.None, device.Replace(after));
        Assert.Equal(22, ReadByte(iova));
        device.Detach();
        Assert.Equal(BusStatus.IommuFault, _host.Bus.Read(iova, _back.AsSpan(0, 1), Traffic.Payload).Status);
    }

    public void Dispose()
    {
        _context.Dispose();
        Assert.Equal((0, 0UL, 0UL), (_process.Pins, _process.UserLocked.Pages, _process.Pinned.Pages));
        _host.Dispose();
    }

    private (IoAddressSpace Ioas, IommufdDevice Device) Attach(string name)
    {
        Assert.Equal(Errno.None, _context.CreateAddressSpace(out IoAddressSpace? ioas));
        Assert.Equal(Errno.None, _context.Bind(_host.Machine.Iommu!.DeviceOf(_host.Machine.Fabric[name]), out IommufdDevice? device));
        Assert.Equal(Errno.None, device!.Attach(ioas!));
        return (ioas!, device);
    }

    private byte ReadByte(DmaAddress at)
    {
        Assert.True(_host.Bus.Read(at, _back.AsSpan(0, 1), Traffic.Payload).IsSuccess);
        return _back[0];
    }
}
