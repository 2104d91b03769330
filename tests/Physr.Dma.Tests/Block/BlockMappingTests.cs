// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;
using Physr.Memory;

namespace Physr.Dma.Tests.Block;

public sealed class BlockMappingTests : IDisposable
{
    private readonly DmaRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void R88a_AdjacentRangesAreOneSegment_UpToTheQueuesLimits()
    {
        RangeList request = DmaRig.List((0x1000, 0x5000), (0x9000, 0x1000));
        BlockMapping mapping = Make(_rig.Direct, new(0x2000, 0));
        Assert.Equal([0x2000UL, 0x2000, 0x1000, 0x1000], Lengths(mapping, request));
        Assert.Equal(BlockStatus.Ok, mapping.Status);
        mapping.End();
        mapping = Make(_rig.Direct, new(0, 0x1fff));
        Assert.Equal([0x1000UL, 0x2000, 0x2000, 0x1000], Lengths(mapping, request));
        mapping.End();
    }

    [Theory]
    [InlineData(0x1000UL, 0x1000UL, 0x8000UL, 0x800UL, true)]
    [InlineData(0x1800UL, 0x800UL, 0x8000UL, 0x800UL, true)]
    [InlineData(0x1000UL, 0x800UL, 0x8000UL, 0x1000UL, false)]
    [InlineData(0x1000UL, 0x1000UL, 0x8200UL, 0x200UL, false)]
    public void R88b_OneRangeOfAddressesOnlyWhereNoGapIsWithinAGranule(ulong first, ulong firstLength, ulong second, ulong secondLength, bool isOne)
    {
        RangeList request = DmaRig.List((first, firstLength), (second, secondLength));
        BlockMapping mapping = Make(_rig.Translated, default);
        Assert.Equal(isOne ? [request.Length] : [firstLength, secondLength], Lengths(mapping, request));
        Assert.Equal(isOne, mapping.IsCollapsed);
        mapping.End();
        Assert.Equal(isOne ? 1 : 2, _rig.Table.Flushes);
        _rig.AssertIdle();
    }

    [Fact]
    public void R88b_ACollapsedRequestHoldsItsBytesInOrder()
    {
        RangeList request = DmaRig.List((0x1800, 0x800), (0x9000, 0x2000), (0x5000, 0x10));
        BlockMapping mapping = Make(_rig.Untrusted, new(0x1000, 0xfff));
        Assert.True(mapping.Start(request.All, DmaDirection.ToDevice));
        Assert.Equal(_rig.CpuReads(request), _rig.DeviceReads(_rig.Untrusted, DmaRig.One(mapping.Current.Start, mapping.Current.Length)));
        Assert.False(mapping.MoveNext());
        Assert.Throws<InvalidOperationException>(() => mapping.Start(request.All, DmaDirection.ToDevice));
        mapping.End();
        mapping.End();
        _rig.AssertIdle();
    }

    [Fact]
    public void R88_ThePeersRouteIsAskedOfTheFirstSegment()
    {
        P2PProvider near = _rig.Peer("near", 0x40_0000_0000, 1 << 20, P2PMapType.BusAddress);
        RangeList request = RangeList.Of(near.Range.Slice(0x1000, 0x1000), near.Index).Concat(RangeList.Of(near.Range.Slice(0x4000, 0x1000), near.Index));
        BlockMapping mapping = Make(_rig.Translated, default);
        Assert.True(mapping.Start(request.All, DmaDirection.ToDevice));
        Assert.True(mapping.IsBusAddress);
        Assert.Equal(near.BusAddress(near.Range.Start.Add(0x1000)), mapping.Current.Start);
        Assert.True(mapping.MoveNext());
        Assert.Equal(near.BusAddress(near.Range.Start.Add(0x4000)), mapping.Current.Start);
        Assert.Equal((1, 0), (near.ActiveUses, _rig.Table.Maps));
        mapping.End();
        _rig.AssertIdle();

        P2PProvider hosted = _rig.Peer("hosted", 0x50_0000_0000, 1 << 20, P2PMapType.ThroughHostBridge);
        Assert.True(mapping.Start(RangeList.Of(hosted.Range, hosted.Index).All, DmaDirection.ToDevice));
        Assert.False(mapping.IsBusAddress);
        mapping.End();
        _rig.AssertIdle();
    }

    [Fact]
    public void R88c_EachFailureHasItsStatus_AndLeavesNothing()
    {
        P2PProvider far = _rig.Peer("far", 0x40_0000_0000, 1 << 20, P2PMapType.NotSupported);
        P2PProvider near = _rig.Peer("near", 0x50_0000_0000, 1 << 20, P2PMapType.BusAddress);
        RangeList peer = RangeList.Of(near.Range.Slice(0, 0x1000), near.Index);
        RangeList ram = DmaRig.List((0x1000, 0x1000));
        Assert.Equal(BlockStatus.Invalid, StatusOf(_rig, _rig.Translated, RangeList.Of(far.Range, far.Index)));
        Assert.Equal(BlockStatus.Invalid, StatusOf(_rig, _rig.Translated, RangeList.Empty));
        Assert.Equal(BlockStatus.Invalid, StatusOf(_rig, _rig.Translated, ram.Concat(peer)));
        Assert.Equal(BlockStatus.Invalid, StatusOf(_rig, _rig.Direct, peer.Concat(ram)));
        Assert.Equal(BlockStatus.IoError, StatusOf(_rig, _rig.Direct, RangeList.Of(near.Range, new(99))));
        using DmaRig bounded = new(hasPool: false, most: 2);
        Assert.Equal(BlockStatus.Resource, StatusOf(bounded, bounded.Direct, DmaRig.List((0x1000, 0x1000), (0x3000, 0x1000), (0x5000, 0x1000))));
        Assert.Equal(BlockStatus.IoError, StatusOf(bounded, bounded.Narrow, RangeList.Of(new(new(DmaRig.HighRam), 0x1000))));
    }

    [Fact]
    public void R88_AReusedMappingAllocatesNothing()
    {
        using Physr.Dma.Iova.IovaAllocator iova = new(4096, new(0), new(uint.MaxValue));
        DmaDevice device = new("steady") { Domain = new(new CountingDomain(), iova, Physr.Dma.Iommu.IommuFlushMode.Strict) };
        BlockMapping mapping = Make(device, new(0x1000, 0));
        RangeListView[] requests = [DmaRig.List((0x1000, 0x1000), (0x8000, 0x800)).All, DmaRig.List((0x1000, 0x900), (0x8000, 0x800)).All];
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            foreach (RangeListView request in requests)
            {
                bool any = mapping.Start(request, DmaDirection.ToDevice);
                while (any)
                {
                    any = mapping.MoveNext();
                }

                mapping.End();
            }
        }));
    }

    private static BlockStatus StatusOf(DmaRig rig, DmaDevice device, RangeList request)
    {
        BlockMapping mapping = new(rig.Mapper, rig.Map, rig.Routes, device, default);
        bool any = mapping.Start(request.All, DmaDirection.ToDevice);
        while (any)
        {
            any = mapping.MoveNext();
        }

        rig.AssertIdle();
        return mapping.Status;
    }

    private static ulong[] Lengths(BlockMapping mapping, RangeList request)
    {
        List<ulong> lengths = [];
        for (bool any = mapping.Start(request.All, DmaDirection.ToDevice); any; any = mapping.MoveNext())
        {
            lengths.Add(mapping.Current.Length);
        }

        return [.. lengths];
    }

    private BlockMapping Make(DmaDevice device, BlockLimits limits) => new(_rig.Mapper, _rig.Map, _rig.Routes, device, limits);
}
