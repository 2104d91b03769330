// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.PageTables;
using Physr.Memory;

namespace Physr.Dma.Tests;

public sealed class TranslatedListTests : IDisposable
{
    private readonly DmaRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void R64c_AListIsOneRunOfAddresses_AndItsEndOneFlush()
    {
        (ulong, ulong)[] ranges = [.. Enumerable.Range(0, 64).Select(static i => (0x10_0000 + ((ulong)i * 0x3000), 0x2000UL))];
        RangeList list = DmaRig.List(ranges);
        DmaMapping mapping = _rig.MapList(_rig.Translated, list);
        DmaEntry entry = Assert.Single(DmaRig.Entries(mapping.Addresses));
        Assert.Equal(list.Length, entry.Range.Length);
        Assert.Equal(1, _rig.Iova.LiveCount);
        Assert.Equal(_rig.CpuReads(list), _rig.DeviceReads(_rig.Translated, mapping.Addresses));
        Assert.Equal(0, _rig.Table.Flushes);
        mapping.Dispose();
        Assert.Equal(1, _rig.Table.Flushes);
        mapping.Dispose();
        _rig.AssertIdle();
    }

    [Fact]
    public void R62_RangesWithEdgesWithinGranulesArePaddedApart_AndLimitsHold()
    {
        RangeList list = DmaRig.List((0x1800, 0x800), (0x5000, 0x1000), (0x8000, 0x123), (0xa456, 0x10), (0xc000, 0x1000));
        DmaDevice device = new("cut", limits: new() { MaxSegmentSize = 0x1000, BoundaryMask = 0xfff }) { Domain = _rig.Domain };
        using DmaMapping mapping = _rig.MapList(device, list);
        Assert.Equal([0x1800UL + 0x123, 0x10, 0x1000], DmaRig.Entries(mapping.Addresses).Select(static entry => entry.Range.Length));
        foreach (DmaEntry segment in mapping.Segments())
        {
            Assert.True(segment.Range.Length <= 0x1000);
            Assert.Equal(segment.Range.Start.Value >> 12, segment.Range.Last.Value >> 12);
        }

        Assert.Equal(_rig.CpuReads(list), _rig.DeviceReads(device, mapping.Addresses));
    }

    [Fact]
    public void R53d_AMixedListLeavesBusAddressesToTheSwitch_AndTranslatesTheRest()
    {
        P2PProvider near = _rig.Peer("near", 0x20_0000_0000, 1 << 20, P2PMapType.BusAddress);
        P2PProvider hosted = _rig.Peer("hosted", 0x30_0000_0000, 1 << 20, P2PMapType.ThroughHostBridge);
        RangeList list = DmaRig.List((0x10000, 0x2000)).Concat(RangeList.Of(hosted.Range.Slice(0, 0x1000), hosted.Index))
            .Concat(RangeList.Of(near.Range.Slice(0x8000, 0x1000), near.Index)).Concat(DmaRig.List((0x40000, 0x1000)));
        DmaMapping mapping = _rig.MapList(_rig.Translated, list);
        DmaEntry[] entries = DmaRig.Entries(mapping.Addresses);
        Assert.Equal([0x3000UL, 0x1000, 0x1000], entries.Select(static entry => entry.Range.Length));
        Assert.Equal([false, true, false], entries.Select(static entry => entry.IsBusAddress));
        Assert.Equal(near.BusAddress(near.Range.Start.Add(0x8000)), entries[1].Range.Start);
        Assert.Equal(entries[0].Range.End, entries[2].Range.Start);
        Assert.True(_rig.Table.TryTranslate(entries[0].Range.Start.Add(0x2000), out IommuTranslation found));
        Assert.Equal(IommuAccess.Mmio, found.Access & (IommuAccess.Mmio | IommuAccess.Cache));
        Assert.Equal(_rig.CpuReads(list), _rig.DeviceReads(_rig.Translated, mapping.Addresses));
        Assert.Equal((1, 1), (near.ActiveUses, hosted.ActiveUses));
        mapping.Dispose();
        Assert.Equal(1, _rig.Table.Flushes);
        _rig.AssertIdle();
    }

    [Fact]
    public void R53a_AListOfBusAddressesAloneTakesNoAddressAndNoFlush()
    {
        P2PProvider near = _rig.Peer("near", 0x20_0000_0000, 1 << 20, P2PMapType.BusAddress);
        _rig.MapList(_rig.Translated, RangeList.Of(near.Range, near.Index)).Dispose();
        Assert.Equal((0, 0), (_rig.Table.Maps, _rig.Table.Flushes));
        _rig.AssertIdle();
    }

    [Fact]
    public void R53d_AMixedListWithOneUnreachablePartLeavesNothing()
    {
        P2PProvider hosted = _rig.Peer("hosted", 0x30_0000_0000, 1 << 20, P2PMapType.ThroughHostBridge);
        P2PProvider far = _rig.Peer("far", 0x40_0000_0000, 1 << 20, P2PMapType.NotSupported);
        RangeList list = RangeList.Of(hosted.Range, hosted.Index).Concat(RangeList.Of(far.Range, far.Index));
        Assert.False(_rig.Mapper.TryMap(_rig.Translated, list, DmaDirection.ToDevice, out _, out DmaMapError? error));
        Assert.Equal(Errno.EREMOTEIO, error!.Errno);
        _rig.AssertIdle();
    }

    [Fact]
    public void R64a_WhereNoRunIsThatLong_EachPartHasItsOwn()
    {
        // 16 granules of addresses: a taken one in the middle leaves no aligned run of 8.
        using DmaRig small = new(lastIova: 0x10fff);
        Assert.Equal(Errno.None, small.Iova.Reserve(new(new(0x4000), 0x1000)));
        Assert.Equal(Errno.None, small.Iova.Reserve(new(new(0xb000), 0x1000)));
        long reserved = small.Iova.LiveCount;
        RangeList list = DmaRig.List((0x100000, 0x4000), (0x200000, 0x2000), (0x300800, 0x100));
        DmaMapping mapping = small.MapList(small.Translated, list);
        Assert.Equal(3 + reserved, small.Iova.LiveCount);
        Assert.Equal(small.CpuReads(list), small.DeviceReads(small.Translated, mapping.Addresses));
        mapping.Dispose();
        Assert.Equal(reserved, small.Iova.LiveCount);

        // What does not fit even so leaves nothing.
        RangeList tooLong = DmaRig.List((0x100000, 0x4000), (0x200000, 0x4000), (0x300000, 0x4000), (0x400000, 0x4000));
        Assert.False(small.Mapper.TryMap(small.Translated, tooLong, DmaDirection.ToDevice, out _, out DmaMapError? error));
        Assert.Equal(Errno.ENOMEM, error!.Errno);
        Assert.True(error.IsRetryable);
        Assert.Equal((reserved, 0, 0, 0), (small.Iova.LiveCount, small.Table.Granules, small.Table.StaleGranules, small.Mapper.ActiveMappings));
    }

    [Fact]
    public void R65a_AnUntrustedDeviceSeesTheListsBytesAndZeroes_NeverTheirNeighbours()
    {
        RangeList list = DmaRig.List((0x1800, 0x1000), (0x5010, 0x20), (0x8000, 0x1001));
        using DmaMapping mapping = _rig.MapList(_rig.Untrusted, list);
        HashSet<ulong> own = [];
        foreach (ProvidedRange entry in list)
        {
            for (ulong at = entry.Range.Start.Value; at < entry.Range.End.Value; at++)
            {
                own.Add(at);
            }
        }

        // Everything that the tables let it reach, not only what it was given.
        DmaEntry[] entries = DmaRig.Entries(mapping.Addresses);
        ulong first = entries[0].Range.Start.Value & ~0xfffUL;
        ulong end = Alignment.Up(entries[^1].Range.End.Value, 4096);
        List<byte> seen = [];
        for (ulong at = first; at < end; at++)
        {
            Assert.True(_rig.Table.TryReach(at, IommuAccess.Read, out ulong physical));
            bool isData = entries.Any(entry => entry.Range.Contains(new DmaAddress(at)));
            Assert.True(own.Contains(physical) || _rig.Bounce!.Owns(new(physical)), $"0x{at:x} reaches 0x{physical:x}");
            if (isData)
            {
                seen.Add(_rig.Memory[physical]);
            }
            else
            {
                Assert.Equal(0, _rig.Memory[physical]);
            }
        }

        Assert.Equal(_rig.CpuReads(list), seen);
    }

    [Theory]
    [InlineData(DmaAttributes.RequireCoherent)]
    [InlineData(DmaAttributes.Mmio)]
    public void R65b_AListWhoseEdgesMayNotBounceIsRefusedWhole(DmaAttributes attributes)
    {
        RangeList list = DmaRig.List((0x1000, 0x1000), (0x5010, 0x20));
        Assert.False(_rig.Mapper.TryMap(_rig.Untrusted, list, DmaDirection.ToDevice, attributes, out _, out DmaMapError? error));
        Assert.Equal(Errno.EPERM, error!.Errno);
        _rig.AssertIdle();
        _rig.MapList(_rig.Untrusted, DmaRig.List((0x1000, 0x1000)), attributes: attributes).Dispose();
        _rig.AssertIdle();
    }

    [Fact]
    public void R65_WithoutAPoolPartialGranulesOfAnUntrustedDeviceAreRefused()
    {
        using DmaRig without = new(hasPool: false);
        Assert.False(without.Mapper.TryMap(without.Untrusted, DmaRig.List((0x1000, 0x10)), DmaDirection.ToDevice, out _, out DmaMapError? error));
        Assert.Equal(Errno.EIO, error!.Errno);
        Assert.Equal(Errno.EIO, without.Mapper.TryMapPhys(without.Untrusted, new(new(0x1000), 0x10), DmaDirection.ToDevice, DmaAttributes.None, out _)!.Errno);
        without.AssertIdle();
    }

    [Fact]
    public void R66b_TheListOfANarrowDeviceBouncesOnlyWhatItsMaskDoesNotReach()
    {
        RangeList list = DmaRig.List((0x1000, 0x1000), (DmaRig.HighRam + 0x800, 0x5_0000));
        DmaMapping mapping = _rig.MapList(_rig.Narrow, list);
        Assert.Equal(0x5_0000, _rig.Bounce!.Statistics.BytesIn);
        Assert.Equal(0x1000UL, DmaRig.Entries(mapping.Addresses)[0].Range.Start.Value);
        Assert.Equal(_rig.CpuReads(list), _rig.DeviceReads(_rig.Narrow, mapping.Addresses));
        mapping.Dispose();
        Assert.Equal(0x5_0000, _rig.Bounce.Statistics.BytesOut);
        _rig.AssertIdle();
    }
}
