// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing;
using Physr.Memory;

namespace Physr.Dma.Tests.Sharing;

public sealed class MappingTests
{
    private readonly SliceHost _host = new();

    [Fact]
    public void R53a_R70_BelowOneSwitchEachRangeHasItsOwnBusAddresses()
    {
        DmaBuf buffer = _host.Export(new(0x7000, 0x2000), new BarSlice(0x1000, 0x1000));
        DmaBufMapping mapping = Map(buffer, _host.Direct);
        Assert.Equal(P2PMapType.BusAddress, mapping.Route);
        Assert.Equal(
            [
                new DmaEntry(new(new(SliceHost.BarStart + SliceHost.BusOffset + 0x7000), 0x2000), true),
                new DmaEntry(new(new(SliceHost.BarStart + SliceHost.BusOffset + 0x1000), 0x1000), true),
            ],
            Entries(mapping.Addresses));
        Assert.Equal(0x3000, _host.Direct.MappedBytes);
        mapping.Attachment.UnmapUnlocked(mapping);
        _host.AssertNothingLeft();
    }

    [Fact]
    public void R70a_ThroughTheHostBridgeAndAnIommuAllRangesAreOneWindow_WithOneFlush()
    {
        _host.Route = P2PMapType.ThroughHostBridge;
        DmaBuf buffer = _host.Export(new(0x7000, 0x2000), new(0x1000, 0x1000), new BarSlice(0x1f_f000, 0x1000));
        DmaBufMapping mapping = Map(buffer, _host.Translated);
        DmaEntry entry = Assert.Single(Entries(mapping.Addresses));
        Assert.Equal(0x4000UL, entry.Range.Length);
        Assert.False(entry.IsBusAddress);
        Assert.Equal(1, _host.Mapper.Syncs);
        Assert.Equal(1, _host.Mapper.Out);
        mapping.Attachment.UnmapUnlocked(mapping);
        _host.AssertNothingLeft();
    }

    [Fact]
    public void R70_ThroughTheHostBridgeWithoutAnIommuEachRangeIsMappedByItself()
    {
        _host.Route = P2PMapType.ThroughHostBridge;
        DmaBuf buffer = _host.Export(new(0x7000, 0x2000), new BarSlice(0x1000, 0x1000));
        DmaBufMapping mapping = Map(buffer, _host.Direct);
        Assert.Equal([SliceHost.BarStart + 0x7000, SliceHost.BarStart + 0x1000], Entries(mapping.Addresses).Select(static entry => entry.Range.Start.Value));
        Assert.Equal(2, _host.Mapper.Out);
        mapping.Attachment.UnmapUnlocked(mapping);
        _host.AssertNothingLeft();
    }

    [Theory]
    [InlineData(P2PMapType.NotSupported)]
    [InlineData(P2PMapType.None)]
    public void R53c_R70_WhereNoRouteLeadsTheAnswerIsNever(P2PMapType route)
    {
        _host.Route = route;
        TestImporter importer = new();
        Assert.Equal(Errno.None, importer.Attach(_host.Export(new BarSlice(0, 0x1000)), _host.Direct));
        DmaMapError error = importer.Map()!;
        Assert.Equal(Errno.EREMOTEIO, error.Errno);
        Assert.False(error.IsRetryable);
        Assert.Contains("nic0", error.Detail, StringComparison.Ordinal);
        _host.AssertNothingLeft();
    }

    [Fact]
    public void R70b_AWindowBeyond4GiBIsOneEntry_AndIsCutInWholePagesForEntriesOf32Bits()
    {
        const ulong Length = (9UL << 30) + 0x3000;
        SliceHost host = new(barLength: 16UL << 30, secondStart: 0x80_0000_0000) { Route = P2PMapType.ThroughHostBridge };
        DmaBufMapping mapping = Map(host.Export(new BarSlice(0x1000, Length)), host.Translated);
        Assert.Equal(Length, Assert.Single(Entries(mapping.Addresses)).Range.Length);
        List<ulong> cut = [];
        ulong next = mapping.Addresses.Seek(0).Range.Start.Value;
        foreach (DmaEntry entry in mapping.Entries)
        {
            Assert.Equal(next, entry.Range.Start.Value);
            Assert.True(Alignment.IsAligned(entry.Range.Length, 0x1000));
            Assert.True(entry.Range.Length <= uint.MaxValue);
            next += entry.Range.Length;
            cut.Add(entry.Range.Length);
        }

        Assert.Equal([0xffff_f000, 0xffff_f000, Length - (2 * 0xffff_f000UL)], cut);
        mapping.Attachment.UnmapUnlocked(mapping);
        host.AssertNothingLeft();

        host.Route = P2PMapType.BusAddress;
        mapping = Map(host.Export(new(0x1000, Length), new BarSlice(0, 0x1000)), host.Direct);
        int entries = 0;
        foreach (DmaEntry entry in mapping.Entries)
        {
            Assert.True(entry.IsBusAddress);
            entries++;
        }

        Assert.Equal(4, entries);
    }

    [Fact]
    public void R70c_AMappingHasNoCpuList()
    {
        DmaBufMapping mapping = Map(_host.Export(new BarSlice(0, 0x1000)), _host.Direct);
        Assert.Null(mapping.PrivateRange);
        Assert.DoesNotContain(typeof(DmaBufMapping).GetProperties(), static property => property.PropertyType == typeof(RangeList));
    }

    [Fact]
    public void R66b_R70_ABusAddressBeyondTheDevicesMaskIsRefused()
    {
        DmaDevice narrow = new("old", mask: uint.MaxValue);
        TestImporter importer = new();
        Assert.Equal(Errno.None, importer.Attach(_host.Export(new BarSlice(0, 0x1000)), narrow));
        Assert.Equal(Errno.EIO, importer.Map()!.Errno);
        _host.AssertNothingLeft();
    }

    [Fact]
    public void R43e_R70_AGoneProviderCannotBeMapped()
    {
        TestImporter importer = new();
        Assert.Equal(Errno.None, importer.Attach(_host.Export(new BarSlice(0, 0x1000)), _host.Direct));
        _host.Providers.Remove();
        Assert.Equal(Errno.ENODEV, importer.Map()!.Errno);
        Assert.Equal(0, importer.Attachment!.ActiveMappings);
    }

    [Fact]
    public void R74a_PhysicalAddressesGoOnlyToOneRange_OfThisExporter()
    {
        DmaBuf one = _host.Export(new BarSlice(0x2000, 0x3000));
        TestImporter importer = new();
        Assert.Equal(Errno.None, importer.Attach(one));
        using (one.Reservation.Hold())
        {
            Assert.Null(importer.Attachment!.TryMapPrivate(out DmaBufMapping? mapping));
            Assert.Equal(new PhysicalRange(new(SliceHost.BarStart + 0x2000), 0x3000), mapping!.PrivateRange);
            Assert.True(mapping.Addresses.IsEmpty);
            Assert.Equal(1, _host.Providers.ActiveUses);
            Assert.Equal(1, one.ActiveMappings);
            importer.Attachment.Unmap(mapping);

            // Without a device there is no list to make.
            Assert.Equal(Errno.EOPNOTSUPP, importer.Attachment.TryMap(DmaDirection.ToDevice, out _)!.Errno);
        }

        Assert.Equal(Errno.EOPNOTSUPP, Private(_host.Export(new(0x2000, 0x1000), new BarSlice(0x3000, 0x1000))));
        P2PProvider provider = _host.Providers.Provider(0)!;
        Assert.Equal(Errno.EOPNOTSUPP, Private(new("another's", provider, [provider.Range.Slice(0, 0x1000)], _host.Mapper, _host.Routes)));
        _host.AssertNothingLeft();
    }

    [Fact]
    public void R74b_R74c_PhysicalAddressesAreRefusedWhileRevoked_AndTakenAgainOnlyByMappingAnew()
    {
        DmaBuf buffer = _host.Export(new BarSlice(0x2000, 0x3000));
        TestImporter importer = new();
        Assert.Equal(Errno.None, importer.Attach(buffer));
        DmaBufMapping? mapping;
        using (buffer.Reservation.Hold())
        {
            Assert.Null(importer.Attachment!.TryMapPrivate(out mapping));
        }

        importer.OnTold = attachment =>
        {
            if (mapping!.IsMapped)
            {
                attachment.Unmap(mapping);
            }
        };
        Assert.Equal(Errno.None, buffer.Revoke());
        Assert.False(mapping!.IsMapped);
        using (buffer.Reservation.Hold())
        {
            Assert.Equal(Errno.ENODEV, importer.Attachment!.TryMapPrivate(out _)!.Errno);
        }

        Assert.Equal(Errno.None, buffer.Unrevoke());
        Assert.False(mapping.IsMapped);
        using (buffer.Reservation.Hold())
        {
            Assert.Null(importer.Attachment!.TryMapPrivate(out DmaBufMapping? again));
            importer.Attachment.Unmap(again!);
        }

        Assert.Equal(Errno.None, importer.Attachment!.TryDetach());
        _host.AssertNothingLeft(buffer);
    }

    private static DmaBufMapping Map(DmaBuf buffer, DmaDevice device)
    {
        TestImporter importer = new();
        Assert.Equal(Errno.None, importer.Attach(buffer, device));
        DmaMapError? error = importer.Map();
        Assert.True(error is null, error?.ToString());
        return importer.Mapping!;
    }

    private static Errno Private(DmaBuf buffer)
    {
        TestImporter importer = new();
        Assert.Equal(Errno.None, importer.Attach(buffer));
        using DmaReservationHold hold = buffer.Reservation.Hold();
        return importer.Attachment!.TryMapPrivate(out _)?.Errno ?? Errno.None;
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
}
