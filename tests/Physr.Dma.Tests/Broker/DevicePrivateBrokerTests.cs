// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Broker;
using Physr.Memory;

namespace Physr.Dma.Tests.Broker;

public sealed class DevicePrivateBrokerTests : IDisposable
{
    private const ulong Bar = 0x50_0000_0000;
    private readonly DmaRig _rig;
    private readonly DevicePrivateBroker _broker;
    private readonly Pagemap _pagemap = Private("gpu0 vram");
    private readonly AddressRange<DevicePrivateOffset> _region;
    private readonly P2PProvider _bar;

    public DevicePrivateBrokerTests()
    {
        DevicePrivateBroker? broker = null;
        _rig = new(broker: rig => broker = new(rig.Map, rig.Routes));
        _broker = broker!;
        Assert.Equal(Errno.None, _rig.Map.Private.Register(_pagemap, 4 << 20, out _region, out _));
        _bar = _rig.Peer("gpu0", Bar, 4 << 20, P2PMapType.BusAddress);
    }

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void R42a_APrivatePageIsReachedThroughItsOwnersBar_WhereItShowsThere()
    {
        Assert.Equal(Errno.None, _broker.Publish(_pagemap, new(0x10_0000, new(_bar.Range.Slice(0x20_0000, 0x10_0000), _bar.Index))));
        RangeList list = PrivateList(0x10_3000, 0x2000);
        using (DmaMapping mapping = _rig.MapList(_rig.Translated, list))
        {
            DmaEntry entry = Assert.Single(DmaRig.Entries(mapping.Addresses));
            Assert.Equal(_bar.BusAddress(new(Bar + 0x20_3000)), entry.Range.Start);
            Assert.Equal(0x2000UL, entry.Range.Length);
            Assert.True(entry.IsBusAddress);
            Assert.Equal(1, _bar.ActiveUses);
        }

        _rig.AssertIdle();
    }

    [Fact]
    public void R42a_WithoutAWayThePageHasToMigrate_WhichCanBeRetried()
    {
        DmaMapError error = Refused(_rig.Direct, PrivateList(0, 0x1000));
        Assert.Equal(Errno.EAGAIN, error.Errno);
        Assert.True(error.IsRetryable);
        Assert.Contains("migrate", error.Detail, StringComparison.Ordinal);
        Assert.Contains("it shows in no BAR", error.Detail, StringComparison.Ordinal);
        _rig.AssertIdle();
    }

    [Fact]
    public void R42b_TheAnswerDependsOnTheClientAndTheProvider()
    {
        Assert.Equal(Errno.None, _broker.Publish(_pagemap, new(0, new(_bar.Range, _bar.Index))));
        Assert.Equal(Errno.None, _broker.Connect(_pagemap, new(_rig.Narrow, new(0x7000_0000_0000), 1 << 20)));
        PrivateRange wanted = new(_pagemap, 0x1000, 0x10_0000);
        Assert.Equal(PrivateRouteKind.PeerToPeer, _broker.Resolve(_rig.Direct, wanted).Kind);
        PrivateRoute link = _broker.Resolve(_rig.Narrow, wanted);
        Assert.Equal((PrivateRouteKind.Interconnect, new DmaAddress(0x7000_0000_1000), (1UL << 20) - 0x1000), (link.Kind, link.Address, link.Length));
        Assert.Equal(PrivateRouteKind.PeerToPeer, _broker.Resolve(_rig.Narrow, wanted with { Offset = 1 << 20 }).Kind);

        // The same bytes and the same client, once PCI leads there by another route.
        _rig.Routes.ByOwner["gpu0"] = P2PMapType.NotSupported;
        PrivateRoute none = _broker.Resolve(_rig.Direct, wanted);
        Assert.Equal(PrivateRouteKind.Migrate, none.Kind);
        Assert.Contains("gpu0 is NotSupported for direct", none.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void R42a_TheCheapestWayIsTaken()
    {
        // Used over and over, bytes are better brought to RAM than fetched through the host bridge each time; used once, they are not.
        _rig.Routes.ByOwner["gpu0"] = P2PMapType.ThroughHostBridge;
        foreach ((double uses, PrivateRouteKind expected) in new[] { (1.0, PrivateRouteKind.PeerToPeer), (100.0, PrivateRouteKind.Migrate) })
        {
            DevicePrivateBroker broker = new(_rig.Map, _rig.Routes, new() { Uses = uses });
            Assert.Equal(Errno.None, broker.Publish(_pagemap, new(0, new(_bar.Range, _bar.Index))));
            IReadOnlyList<PrivateRoute> options = broker.Options(_rig.Direct, new(_pagemap, 0, 1 << 20));
            Assert.Equal(expected, options[0].Kind);
            Assert.Equal(2, options.Count);
            Assert.True(options[0].Cost <= options[1].Cost);
        }

        Assert.Throws<ArgumentException>(() => new DevicePrivateBroker(_rig.Map, _rig.Routes, new() { RamRate = 0 }));
    }

    [Fact]
    public void R42c_NoPrivateOffsetReachesAList_WhateverTheWay()
    {
        Assert.Equal(Errno.None, _broker.Publish(_pagemap, new(0, new(_bar.Range.Slice(0, 0x1000), _bar.Index))));
        Assert.Equal(Errno.None, _broker.Connect(_pagemap, new(_rig.Translated, new(0x7000_0000_0000), 4 << 20)));
        foreach (DmaDevice device in new[] { _rig.Direct, _rig.Narrow, _rig.Translated, _rig.Untrusted })
        {
            for (ulong offset = 0; offset < 0x3000; offset += 0x800)
            {
                if (_rig.Mapper.TryMap(device, PrivateList(offset, 0x800), DmaDirection.ToDevice, out DmaMapping? mapping, out _))
                {
                    foreach (DmaEntry entry in DmaRig.Entries(mapping!.Addresses))
                    {
                        Assert.True(entry.IsBusAddress || entry.IsInterconnect);
                        Assert.NotEqual(_region.Start.Value + offset, entry.Range.Start.Value);
                    }

                    mapping.Dispose();
                }
            }
        }

        _rig.AssertIdle();
    }

    [Fact]
    public void R42c_WithoutABrokerPrivateMemoryIsRefused_ByEitherName()
    {
        using DmaRig bare = new();
        Pagemap offsets = Private("offsets");
        Assert.Equal(Errno.None, bare.Map.Private.Register(offsets, 2 << 20, out AddressRange<DevicePrivateOffset> region, out _));
        using RangeListBuilder builder = RangeListBuilder.Rent();
        builder.Append(new AddressRange<DevicePrivateOffset>(region.Start, 0x1000));
        RangeList byOffset = builder.Build();
        Pagemap numbered = Numbered(bare.Map, out PhysicalRange made);
        foreach (DmaDevice device in new[] { bare.Direct, bare.Translated })
        {
            Assert.False(bare.Mapper.TryMap(device, byOffset, DmaDirection.ToDevice, out _, out DmaMapError? error));
            Assert.Equal(Errno.EFAULT, error!.Errno);
            Assert.False(bare.Mapper.TryMap(device, RangeList.Of(made.Slice(0x1000, 0x1000)), DmaDirection.ToDevice, out _, out error));
            Assert.Equal(Errno.EFAULT, error!.Errno);
            Assert.Equal(Errno.EFAULT, bare.Mapper.TryMapPhys(device, made.Slice(0x1000, 0x1000), DmaDirection.ToDevice, DmaAttributes.None, out _)!.Errno);
            Assert.Equal(Errno.EFAULT, bare.Mapper.TryMapPhys(device, made.Slice(0x1000, 0x1000), DmaDirection.ToDevice, DmaAttributes.Mmio, out _)!.Errno);
        }

        Assert.True(bare.Mapper.TryReserve(bare.Translated, made.Start, 0x1000, out IovaReservation reservation));
        Assert.Equal(Errno.EFAULT, bare.Mapper.Link(bare.Translated, ref reservation, made.Slice(0, 0x1000), 0, DmaDirection.ToDevice, DmaAttributes.None));
        Assert.Equal(Errno.None, bare.Mapper.Free(bare.Translated, ref reservation));
        bare.AssertIdle();
        Assert.Equal(Errno.None, bare.Map.TryUnregister(numbered));
    }

    [Fact]
    public void R42_MadeUpPhysicalRangesGoThroughTheBrokerToo()
    {
        Pagemap numbered = Numbered(_rig.Map, out PhysicalRange made);
        P2PProvider bar = _rig.Peer("gpu1", 0x60_0000_0000, 2 << 20, P2PMapType.ThroughHostBridge);
        Assert.Equal(Errno.None, _broker.Publish(numbered, new(0, new(bar.Range, bar.Index))));
        using DmaMapping mapping = _rig.MapList(_rig.Direct, DmaRig.List((0x1000, 0x1000)).Concat(RangeList.Of(made.Slice(0x5000, 0x1000))));
        Assert.Equal([0x1000UL, 0x60_0000_5000], DmaRig.Entries(mapping.Addresses).Select(static entry => entry.Range.Start.Value));

        // A range that is only in part private is nobody's.
        Assert.Equal(Errno.EFAULT, Refused(_rig.Direct, RangeList.Of(new(new(made.End.Value - 0x1000), 0x2000))).Errno);
    }

    [Fact]
    public void R53d_R42_AMixedListOfRamPeersAndPrivateMemoryIsMappedWhole_OrNotAtAll()
    {
        P2PProvider hosted = _rig.Peer("hosted", 0x30_0000_0000, 1 << 20, P2PMapType.ThroughHostBridge);
        Assert.Equal(Errno.None, _broker.Publish(_pagemap, new(0, new(_bar.Range.Slice(0, 0x2000), _bar.Index))));
        Assert.Equal(Errno.None, _broker.Connect(_pagemap, new(_rig.Untrusted, new(0x7000_0000_0000), 0x1000)));
        using RangeListBuilder builder = RangeListBuilder.Rent();
        builder.Append(new PhysicalRange(new(0x10000), 0x1000));
        builder.Append(new AddressRange<DevicePrivateOffset>(_region.Start, 0x2000));
        builder.Append(hosted.Range.Slice(0, 0x1000), hosted.Index);
        builder.Append(new PhysicalRange(new(0x20800), 0x100));
        RangeList list = builder.Build();
        using (DmaMapping mapping = _rig.MapList(_rig.Untrusted, list))
        {
            DmaEntry[] entries = DmaRig.Entries(mapping.Addresses);
            Assert.Equal([0x1000UL, 0x1000, 0x1000, 0x1000, 0x100], entries.Select(static entry => entry.Range.Length));
            Assert.True(entries[1].IsInterconnect);
            Assert.Equal(_bar.BusAddress(_bar.Range.Start.Add(0x1000)), entries[2].Range.Start);
            Assert.Equal((1, 1), (_bar.ActiveUses, hosted.ActiveUses));
        }

        _rig.AssertIdle();
        Assert.Equal(Errno.EAGAIN, Refused(_rig.Untrusted, list.Concat(PrivateList(0x2000, 0x1000))).Errno);
        _rig.AssertIdle();
    }

    [Fact]
    public void R42_WhatIsPublishedIsCheckedFirst_AndCanBeWithdrawn()
    {
        ProvidedRange window = new(_bar.Range.Slice(0, 0x1000), _bar.Index);
        Assert.Equal(Errno.EINVAL, _broker.Publish(new() { Type = MemoryType.PciP2P }, new(0, window)));
        Assert.Equal(Errno.EINVAL, _broker.Publish(_pagemap, new(0, new(new(_bar.Range.End, 0x1000), _bar.Index))));
        Assert.Equal(Errno.ENODEV, _broker.Publish(_pagemap, new(0, new(_bar.Range, new(77)))));
        Assert.Equal(Errno.EINVAL, _broker.Publish(_pagemap, new(ulong.MaxValue, window)));
        Assert.Equal(Errno.None, _broker.Publish(_pagemap, new(0x1000, window)));
        Assert.Equal(Errno.EEXIST, _broker.Publish(_pagemap, new(0x1800, window)));
        Assert.Equal(Errno.EINVAL, _broker.Connect(_pagemap, new(_rig.Direct, new(0), 0)));
        Assert.Equal(Errno.None, _broker.Connect(_pagemap, new(_rig.Direct, new(0x1000), 0x1000)));
        Assert.Equal(Errno.EEXIST, _broker.Connect(_pagemap, new(_rig.Direct, new(0x9000), 0x1000)));
        _broker.Withdraw(_pagemap);
        Assert.Equal(PrivateRouteKind.Migrate, _broker.Resolve(_rig.Direct, new(_pagemap, 0x1000, 0x1000)).Kind);
        Assert.Equal(Errno.None, _rig.Map.TryUnregister(_pagemap));
        Assert.Equal(PrivateRouteKind.None, _broker.Resolve(_rig.Direct, new(_pagemap, 0x1000, 0x1000)).Kind);
        Assert.Equal(Errno.EFAULT, Refused(_rig.Direct, PrivateList(0x1000, 0x1000)).Errno);
    }

    private static Pagemap Private(string name) =>
        new() { Type = MemoryType.DevicePrivate, Name = name, Owner = name, MigrateToRam = static (in fault) => FaultOutcome.Served, FolioFree = static _ => { } };

    private static Pagemap Numbered(MemoryMap map, out PhysicalRange range)
    {
        Assert.Equal(Errno.None, map.RequestPrivateRange(2 << 20, "gpu1", out Resource? resource));
        range = new(resource!.Range.Start, 2 << 20);
        Pagemap pagemap = Private("gpu1 vram");
        pagemap.Ranges.Add(range);
        Assert.Equal(Errno.None, map.Register(pagemap));
        return pagemap;
    }

    private RangeList PrivateList(ulong offset, ulong length)
    {
        using RangeListBuilder builder = RangeListBuilder.Rent();
        builder.Append(new AddressRange<DevicePrivateOffset>(_region.Start.Add(offset), length));
        return builder.Build();
    }

    private DmaMapError Refused(DmaDevice device, RangeList list)
    {
        Assert.False(_rig.Mapper.TryMap(device, list, DmaDirection.ToDevice, out _, out DmaMapError? error));
        return error!;
    }
}
