// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Tests.Bounce;

public sealed class BouncedTransferTests : IDisposable
{
    private readonly DmaRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(false, 0x1800UL, 0x5000UL)]
    [InlineData(false, 0x1800UL, 0x100UL)]
    [InlineData(false, 0x1000UL, 0x1234UL)]
    [InlineData(false, 0x1000UL, 0x3000UL)]
    [InlineData(true, DmaRig.HighRam + 0x123, 0x5001UL)]
    public void R65c_AStreamedMappingCarriesBytesBothWays_AndSynchronizesBetween(bool isNarrow, ulong start, ulong length)
    {
        DmaDevice device = isNarrow ? _rig.Narrow : _rig.Untrusted;
        PhysicalRange range = new(new(start), length);
        RangeList list = RangeList.Of(range);
        DmaAddress address = _rig.MapOne(device, range);
        DmaRangeList seen = DmaRig.One(address, length);
        Assert.Equal(_rig.CpuReads(list), _rig.DeviceReads(device, seen));

        _rig.DeviceWrites(device, seen, static i => (byte)(i * 3));
        Assert.Equal(Errno.None, _rig.Mapper.SyncForCpu(device, address, length, DmaDirection.Bidirectional));
        Assert.All(_rig.CpuReads(list).Index(), static one => Assert.Equal((byte)(one.Index * 3), one.Item));

        _rig.Memory.Write(range.Start, [.. Enumerable.Range(0, (int)length).Select(static i => (byte)(i * 5))]);
        Assert.Equal(Errno.None, _rig.Mapper.SyncForDevice(device, address, length, DmaDirection.Bidirectional));
        Assert.Equal(_rig.CpuReads(list), _rig.DeviceReads(device, seen));

        // A part of it, wherever it begins.
        _rig.DeviceWrites(device, seen, static i => (byte)(i * 7));
        Assert.Equal(Errno.None, _rig.Mapper.SyncForCpu(device, address.Add(length / 2), length - (length / 2), DmaDirection.FromDevice));
        Assert.Equal((byte)((length - 1) * 7), _rig.Memory[range.Last.Value]);

        Assert.Equal(Errno.None, _rig.Mapper.UnmapPhys(device, address, length, DmaDirection.Bidirectional, DmaAttributes.None));
        Assert.All(_rig.CpuReads(list).Index(), static one => Assert.Equal((byte)(one.Index * 7), one.Item));
        _rig.AssertIdle();
    }

    [Fact]
    public void R65a_OnlyTheEdgesOfAnUntrustedDevicesMappingAreCopied()
    {
        DmaAddress address = _rig.MapOne(_rig.Untrusted, new(new(0x1f00), 0x10_0000));
        Assert.Equal(0x100 + 0xf00, _rig.Bounce!.Statistics.BytesIn);
        Assert.Equal(4, _rig.Bounce.Statistics.UsedSlots);
        Assert.Equal(4, _rig.Bounce.UsedBy(_rig.Untrusted));
        Assert.Equal(Errno.None, _rig.Mapper.UnmapPhys(_rig.Untrusted, address, 0x10_0000, DmaDirection.Bidirectional, DmaAttributes.None));
        Assert.Equal(0x1000, _rig.Bounce.Statistics.BytesOut);
        Assert.Equal(1, _rig.Table.Flushes);
        _rig.AssertIdle();
    }

    [Fact]
    public void R65c_WhatTheDeviceDidNotWriteComesBackAsItWas()
    {
        byte[] before = _rig.CpuReads(DmaRig.List((0x1010, 0x20)));
        DmaAddress address = _rig.MapOne(_rig.Untrusted, new(new(0x1010), 0x20), DmaDirection.FromDevice);
        _rig.DeviceWrites(_rig.Untrusted, DmaRig.One(address, 4), static _ => 0xee);
        Assert.Equal(Errno.None, _rig.Mapper.UnmapPhys(_rig.Untrusted, address, 0x20, DmaDirection.FromDevice, DmaAttributes.None));
        before.AsSpan(0, 4).Fill(0xee);
        Assert.Equal(before, _rig.CpuReads(DmaRig.List((0x1010, 0x20))));
    }

    [Fact]
    public void R65_ASlotIsNotReusedWhileTheIotlbStillLeadsToIt()
    {
        // Lazy flushing would leave the slot reachable; what is untrusted never waits in the queue.
        using Physr.Dma.Iova.IovaAllocator iova = new(4096, new(0), new(uint.MaxValue));
        TableDomain table = new();
        Physr.Dma.Iommu.DmaDomain lazy = new(table, iova, Physr.Dma.Iommu.IommuFlushMode.Lazy);
        DmaDevice device = new("lazy untrusted") { Domain = lazy, IsUntrusted = true };
        DmaAddress address = _rig.MapOne(device, new(new(0x1010), 0x20));
        Assert.Equal(Errno.None, _rig.Mapper.UnmapPhys(device, address, 0x20, DmaDirection.Bidirectional, DmaAttributes.None));
        Assert.Equal((1, 0), (table.Flushes, table.StaleGranules));
        DmaDevice trusted = new("lazy") { Domain = lazy };
        address = _rig.MapOne(trusted, new(new(0x1010), 0x20));
        Assert.Equal(Errno.None, _rig.Mapper.UnmapPhys(trusted, address, 0x20, DmaDirection.Bidirectional, DmaAttributes.None));
        Assert.Equal((1, 1), (table.Flushes, table.StaleGranules));
    }

    [Fact]
    public void R66_AFullPoolSaysNotNow_AndTooLongATransferSaysNever()
    {
        List<DmaAddress> live = [];
        DmaMapError? error;
        while ((error = _rig.Mapper.TryMapPhys(_rig.Narrow, new(new(DmaRig.HighRam), 0x2_0000), DmaDirection.ToDevice, DmaAttributes.None, out DmaAddress address)) is null)
        {
            live.Add(address);
        }

        Assert.Equal(8, live.Count);
        Assert.Equal(Errno.ENOMEM, error.Errno);
        Assert.True(error.IsRetryable);
        live.ForEach(address => Assert.Equal(Errno.None, _rig.Mapper.UnmapPhys(_rig.Narrow, address, 0x2_0000, DmaDirection.ToDevice, DmaAttributes.None)));
        error = _rig.Mapper.TryMapPhys(_rig.Narrow, new(new(DmaRig.HighRam), 0x4_0001), DmaDirection.ToDevice, DmaAttributes.None, out _);
        Assert.Equal(Errno.EINVAL, error!.Errno);
        Assert.False(error.IsRetryable);
        DmaDevice tiny = new("tiny", mask: 0xff_ffff);
        error = _rig.Mapper.TryMapPhys(tiny, new(new(DmaRig.HighRam), 0x100), DmaDirection.ToDevice, DmaAttributes.None, out _);
        Assert.Equal(Errno.EIO, error!.Errno);
        _rig.AssertIdle();
    }
}
