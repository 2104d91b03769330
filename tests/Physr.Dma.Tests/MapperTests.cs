// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Dma.Tests;

public sealed class MapperTests
{
    private const ulong BusOffset = 0x1000_0000_0000;

    private readonly MemoryMap _map = new();
    private readonly FakeRoutes _routes = new();
    private readonly DmaDevice _device = new("nvme0");
    private readonly DmaMapper _mapper;

    public MapperTests()
    {
        Assert.Equal(Errno.None, _map.AddRam(new(new(0), 1UL << 30), out _));
        _mapper = new(_map, _routes);
    }

    [Fact]
    public void R53a_ABusAddressIsThePhysicalAddressPlusTheProvidersOffset_AndIsMarkedSo()
    {
        P2PProvider cmb = Provider("cmb", 0x20_0000_0000, 1 << 20, P2PMapType.BusAddress);
        using DmaMapping mapping = Map(RangeList.Of(new(new(0x20_0000_4000), 0x3000), cmb.Index));
        DmaEntry entry = Assert.Single(Entries(mapping.Addresses));
        Assert.Equal(0x20_0000_4000UL + BusOffset, entry.Range.Start.Value);
        Assert.Equal(0x3000UL, entry.Range.Length);
        Assert.True(entry.IsBusAddress);
    }

    [Fact]
    public void R53b_ThroughTheHostBridgeThePhysicalAddressIsUsed()
    {
        P2PProvider cmb = Provider("cmb", 0x20_0000_0000, 1 << 20, P2PMapType.ThroughHostBridge);
        using DmaMapping mapping = Map(RangeList.Of(new(new(0x20_0000_4000), 0x3000), cmb.Index));
        DmaEntry entry = Assert.Single(Entries(mapping.Addresses));
        Assert.Equal(0x20_0000_4000UL, entry.Range.Start.Value);
        Assert.False(entry.IsBusAddress);
    }

    [Fact]
    public void R53c_NeverAndNotNowAreDifferentErrors()
    {
        P2PProvider far = Provider("far", 0x20_0000_0000, 1 << 20, P2PMapType.NotSupported);
        DmaMapError never = Refused(_mapper, RangeList.Of(far.Range, far.Index));
        Assert.Equal(Errno.EREMOTEIO, never.Errno);
        Assert.False(never.IsRetryable);
        Assert.Contains("far is NotSupported for nvme0", never.Detail, StringComparison.Ordinal);

        DmaMapper bounded = new(_map, _routes, new() { MaxMappings = 1 });
        Assert.True(bounded.TryMap(_device, RangeList.Of(new(new(0x1000), 0x1000)), DmaDirection.ToDevice, out DmaMapping? first, out _));
        DmaMapError notNow = Refused(bounded, RangeList.Of(new(new(0x2000), 0x1000)));
        Assert.Equal(Errno.ENOMEM, notNow.Errno);
        Assert.True(notNow.IsRetryable);
        first!.Dispose();
        Assert.True(bounded.TryMap(_device, RangeList.Of(new(new(0x2000), 0x1000)), DmaDirection.ToDevice, out DmaMapping? second, out _));
        second!.Dispose();
    }

    [Fact]
    public void R53d_AMixedListMapsEachPartByItsOwnRoute()
    {
        P2PProvider direct = Provider("direct", 0x20_0000_0000, 1 << 20, P2PMapType.BusAddress);
        P2PProvider hosted = Provider("hosted", 0x30_0000_0000, 1 << 20, P2PMapType.ThroughHostBridge);
        using RangeListBuilder builder = RangeListBuilder.Rent();
        builder.Append(new PhysicalRange(new(0x10000), 0x2000));
        builder.Append(hosted.Range.Slice(0, 0x1000), hosted.Index);
        builder.Append(direct.Range.Slice(0x8000, 0x1000), direct.Index);
        builder.Append(new PhysicalRange(new(0x40000), 0x1000));
        using DmaMapping mapping = Map(builder.Build());
        Assert.Equal(
            [
                new DmaEntry(new(new(0x10000), 0x2000), false),
                new DmaEntry(new(new(0x30_0000_0000), 0x1000), false),
                new DmaEntry(new(new(0x20_0000_8000 + BusOffset), 0x1000), true),
                new DmaEntry(new(new(0x40000), 0x1000), false),
            ],
            Entries(mapping.Addresses));
        Assert.Equal(1, direct.ActiveUses);
        Assert.Equal(1, hosted.ActiveUses);
    }

    [Fact]
    public void R53d_AMixedListThatCannotAllBeMappedLeavesNothingMapped()
    {
        P2PProvider direct = Provider("direct", 0x20_0000_0000, 1 << 20, P2PMapType.BusAddress);
        P2PProvider far = Provider("far", 0x30_0000_0000, 1 << 20, P2PMapType.NotSupported);
        RangeList mixed = RangeList.Of(direct.Range, direct.Index).Concat(RangeList.Of(far.Range, far.Index));
        Assert.Equal(Errno.EREMOTEIO, Refused(_mapper, mixed).Errno);
        Assert.Equal(0, direct.ActiveUses);
        Assert.Equal(0, far.ActiveUses);
        Assert.Equal(0, _mapper.ActiveMappings);
        Assert.Equal(0, _device.ActiveMappings);
    }

    [Fact]
    public void R61b_AListWhoseAddressesAreTheCpusOwnIsSharedNotCopied()
    {
        using RangeListBuilder builder = RangeListBuilder.Rent();
        for (ulong page = 0; page < 4096; page++)
        {
            builder.Append(new PhysicalRange(new(page * 0x2000), 0x1000));
        }

        RangeList list = builder.Build();
        Map(list).Dispose();
        long before = GC.GetAllocatedBytesForCurrentThread();
        using DmaMapping mapping = Map(list);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(4096, mapping.Addresses.EntryCount);
        Assert.True(allocated < 4096, $"{allocated} bytes for 4096 entries: the list was copied");
    }

    [Fact]
    public void R66b_BytesBeyondTheMaskAreRefusedForThisDeviceAlone()
    {
        DmaDevice narrow = new("old", mask: 0xffff_ffff);
        MemoryMap big = new();
        Assert.Equal(Errno.None, big.AddRam(new(new(1UL << 32), 1UL << 30), out _));
        DmaMapper mapper = new(big, _routes);
        RangeList high = RangeList.Of(new(new(1UL << 32), 0x1000));
        Assert.False(mapper.TryMap(narrow, high, DmaDirection.ToDevice, out _, out DmaMapError? error));
        Assert.Equal(Errno.EIO, error!.Errno);
        Assert.True(mapper.TryMap(_device, high, DmaDirection.ToDevice, out DmaMapping? mapping, out _));
        mapping!.Dispose();
    }

    [Fact]
    public void R66b_TheLastByteCountsAgainstTheMask_NotTheEnd()
    {
        DmaDevice narrow = new("old", mask: 0xffff);
        Assert.True(_mapper.TryMap(narrow, RangeList.Of(new(new(0xf000), 0x1000)), DmaDirection.ToDevice, out DmaMapping? mapping, out _));
        mapping!.Dispose();
        Assert.False(_mapper.TryMap(narrow, RangeList.Of(new(new(0xf000), 0x1001)), DmaDirection.ToDevice, out _, out _));
    }

    [Fact]
    public void R62b_SegmentsKeepTheDevicesLimits_AndTooManyAreRefused()
    {
        DmaDevice small = new("small", limits: new() { MaxSegmentSize = 0x2000, MaxSegments = 4 });
        Assert.True(_mapper.TryMap(small, RangeList.Of(new(new(0x1000), 0x8000)), DmaDirection.ToDevice, out DmaMapping? mapping, out _));
        int segments = 0;
        foreach (DmaEntry segment in mapping!.Segments())
        {
            Assert.Equal(0x2000UL, segment.Range.Length);
            segments++;
        }

        Assert.Equal(4, segments);
        mapping.Dispose();
        Assert.False(_mapper.TryMap(small, RangeList.Of(new(new(0x1000), 0x8001)), DmaDirection.ToDevice, out _, out DmaMapError? error));
        Assert.Equal(Errno.EIO, error!.Errno);
    }

    [Fact]
    public void R43e_AProviderCannotGoWhileItIsMapped_AndCannotBeMappedOnceGone()
    {
        P2PProvider cmb = Provider("cmb", 0x20_0000_0000, 1 << 20, P2PMapType.BusAddress);
        DmaMapping mapping = Map(RangeList.Of(cmb.Range, cmb.Index));
        Assert.Equal(Errno.EBUSY, _map.TryUnregisterProvider(cmb));
        mapping.Dispose();
        mapping.Dispose();
        Assert.Equal(0, cmb.ActiveUses);
        Assert.Equal(Errno.None, _map.TryUnregisterProvider(cmb));
        DmaMapError gone = Refused(_mapper, RangeList.Of(cmb.Range, cmb.Index));
        Assert.Equal(Errno.ENODEV, gone.Errno);
        Assert.True(gone.IsRetryable);
    }

    [Fact]
    public void R42c_BytesOutsideTheirProviderAreNeverMapped()
    {
        P2PProvider cmb = Provider("cmb", 0x20_0000_0000, 1 << 20, P2PMapType.BusAddress);
        PhysicalRange outside = new(cmb.Range.End, 0x1000);
        Assert.Equal(Errno.EFAULT, Refused(_mapper, RangeList.Of(outside, cmb.Index)).Errno);
        Assert.Equal(0, cmb.ActiveUses);
    }

    [Fact]
    public void R91a_AFailedAllocationLeavesNothingMapped()
    {
        FailNthGate gate = new(1);
        DmaMapper mapper = new(_map, _routes, new() { AllocationGate = gate });
        Assert.Equal(Errno.ENOMEM, Refused(mapper, RangeList.Of(new(new(0x1000), 0x1000))).Errno);
        Assert.Equal(0, mapper.ActiveMappings);
        Assert.True(mapper.TryMap(_device, RangeList.Of(new(new(0x1000), 0x1000)), DmaDirection.ToDevice, out DmaMapping? mapping, out _));
        mapping!.Dispose();
    }

    [Fact]
    public void AnEmptyListIsRefused()
    {
        Assert.Equal(Errno.EINVAL, Refused(_mapper, RangeList.Empty).Errno);
    }

    private static DmaEntry[] Entries(DmaRangeList list)
    {
        List<DmaEntry> entries = [];
        foreach (DmaEntry entry in list)
        {
            entries.Add(entry);
        }

        return [.. entries];
    }

    private P2PProvider Provider(string owner, ulong start, ulong length, P2PMapType route)
    {
        _routes.ByOwner[owner] = route;
        Assert.Equal(Errno.None, _map.RegisterProvider(owner, null, 0, new(new(start), length), new(start + BusOffset), out P2PProvider? provider));
        return provider!;
    }

    private DmaMapping Map(RangeList list)
    {
        Assert.True(_mapper.TryMap(_device, list, DmaDirection.Bidirectional, out DmaMapping? mapping, out DmaMapError? error), error?.ToString());
        return mapping!;
    }

    private DmaMapError Refused(DmaMapper mapper, RangeList list)
    {
        Assert.False(mapper.TryMap(_device, list, DmaDirection.Bidirectional, out DmaMapping? mapping, out DmaMapError? error));
        Assert.Null(mapping);
        return error!;
    }
}
