// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing;
using Physr.Memory;

namespace Physr.Dma.Tests.Sharing;

public sealed class ExportTests
{
    private readonly SliceHost _host = new();

    [Fact]
    public void R44a_R68_Several4KiBSlicesOfOne2MiBAreLentEachByItself_AndTogether()
    {
        DmaBuf first = _host.Export(new BarSlice(0x3000, 0x1000));
        DmaBuf second = _host.Export(new BarSlice(0x4000, 0x1000));
        DmaBuf both = _host.Export(new(0x4000, 0x1000), new BarSlice(0x3000, 0x1000), new BarSlice(0x1f_f000, 0x1000));
        Assert.Equal(0x1000UL, first.Length);
        Assert.Equal(0x3000UL, both.Length);
        Assert.Equal(3, both.RangeCount);
        Assert.Equal(3, _host.Exporter.Buffers.Count);
        TestImporter importer = new();
        Assert.Equal(Errno.None, importer.Attach(both, _host.Direct));
        Assert.Null(importer.Map());

        // In the order asked for, not the order of addresses.
        Assert.Equal(SliceHost.BarStart + SliceHost.BusOffset + 0x4000, importer.Mapping!.Addresses.Seek(0).Range.Start.Value);
        Assert.Equal(SliceHost.BarStart + SliceHost.BusOffset + 0x3000, importer.Mapping!.Addresses.Seek(0x1000).Range.Start.Value);
        Assert.Equal(3, importer.Mapping.Addresses.EntryCount);
        Assert.Equal(1, _host.Providers.ActiveUses);
        importer.Unmap();
        Assert.Equal(Errno.None, importer.Attachment!.TryDetach());
        _host.AssertNothingLeft(both);
        second.Release();
        first.Release();
        Assert.Empty(_host.Exporter.Buffers);
    }

    [Fact]
    public void R44a_Two4KiBBarsInTheSame2MiBAreBothLent_AndR44b_NoPageDescriptorIsMade()
    {
        SliceHost host = new(barLength: 0x1000, secondStart: SliceHost.BarStart + 0x1000);
        Assert.Equal(Errno.None, host.Exporter.TryExport(0, 0, [new(0, 0x1000)], out DmaBuf? first));
        Assert.Equal(Errno.None, host.Exporter.TryExport(2, 0, [new(0, 0x1000)], out DmaBuf? second));
        Assert.NotSame(first!.Provider, second!.Provider);
        Assert.Equal(0, host.Map.DescriptorCount);
        Assert.Equal(0, host.Map.PagemapRangeCount);
    }

    [Theory]
    [InlineData(6, 0u, 0x1000UL, 0x1000UL, Errno.EINVAL)] // the ROM is no BAR
    [InlineData(-1, 0u, 0x1000UL, 0x1000UL, Errno.EINVAL)]
    [InlineData(int.MaxValue, 0u, 0x1000UL, 0x1000UL, Errno.EINVAL)]
    [InlineData(0, 1u, 0x1000UL, 0x1000UL, Errno.EINVAL)] // flags
    [InlineData(0, 0u, 0x1800UL, 0x1000UL, Errno.EINVAL)] // offset of no page
    [InlineData(0, 0u, 0x1000UL, 0x0800UL, Errno.EINVAL)] // length of no page
    [InlineData(0, 0u, 0x1000UL, 0x0000UL, Errno.EINVAL)] // nothing
    [InlineData(0, 0u, 0x1ff000UL, 0x2000UL, Errno.EINVAL)] // beyond the BAR
    [InlineData(0, 0u, 0x200000UL, 0x1000UL, Errno.EINVAL)] // at its end
    [InlineData(0, 0u, 0UL, 1UL << 63, Errno.EINVAL)] // bit 63
    [InlineData(0, 0u, 0xffff_ffff_ffff_f000UL, 0x2000UL, Errno.EOVERFLOW)] // offset + length
    [InlineData(1, 0u, 0UL, 0x1000UL, Errno.ENODEV)] // no such BAR
    [InlineData(4, 0u, 0UL, 0x1000UL, Errno.ENODEV)] // an I/O BAR
    [InlineData(0, 0u, 0UL, 0x200000UL, Errno.None)] // all of it
    public void R68a_AnExportIsRefusedWithTheKernelsAnswer(int region, uint flags, ulong offset, ulong length, Errno expected)
    {
        Assert.Equal(expected, _host.Exporter.TryExport(region, flags, [new(offset, length)], out DmaBuf? buffer));
        Assert.Equal(expected == Errno.None, buffer is not null);
        Assert.Equal(expected == Errno.None ? 1 : 0, _host.Exporter.Buffers.Count);
    }

    [Fact]
    public void R68a_NoSlices_AndSumsBeyond63Bits_AreRefused()
    {
        Assert.Equal(Errno.EINVAL, _host.Exporter.TryExport(0, 0, [], out _));
        Assert.Equal(Errno.EINVAL, _host.Export(out _, new(0, 1UL << 62), new(0, 1UL << 62)));
        Assert.Equal(Errno.EINVAL, _host.Export(out _, new(0, 0x8000_0000_0000_0000), new(0, 0x8000_0000_0000_0000)));

        // One bad slice among good ones.
        Assert.Equal(Errno.EINVAL, _host.Export(out _, new(0, 0x1000), new(0x1000, 0), new(0x2000, 0x1000)));
        Assert.Equal(Errno.EINVAL, _host.Export(out _, new(0, 0x1000), new(0x20_0000, 0x1000)));
        Assert.Empty(_host.Exporter.Buffers);
    }

    [Fact]
    public void R68a_BeforeTheBarsAreClaimed_AndOnceTheDeviceIsGone_ThereIsNoDevice()
    {
        P2PProviderSet unclaimed = new(_host.Map, "0000:04:00.0");
        BarSliceExporter exporter = new(unclaimed, _host.Mapper, _host.Routes);
        Assert.Equal(Errno.ENODEV, exporter.TryExport(0, 0, [new(0, 0x1000)], out _));
        _host.Exporter.Remove();
        Assert.Equal(Errno.ENODEV, _host.Exporter.TryExport(0, 0, [new(0, 0x1000)], out _));
        Assert.Equal(Errno.ENODEV, _host.Exporter.SetMemoryEnabled(true));
        Assert.Equal(Errno.ENODEV, _host.Exporter.Reset(static () => { }));
        _host.Exporter.Remove();
    }

    [Fact]
    public void R68_ABarThatDoesNotStartOnAPageIsNotLent()
    {
        SliceHost host = new(secondStart: 0x30_0000_0800, secondLength: 0x1000);
        Assert.Equal(Errno.EINVAL, host.Exporter.TryExport(2, 0, [new(0, 0x1000)], out _));
    }

    [Fact]
    public void R68_WhatAnExporterOfItsOwnLendsIsCheckedToo()
    {
        P2PProvider provider = _host.Providers.Provider(0)!;
        Assert.Throws<ArgumentException>(() => new DmaBuf("mine", provider, [provider.Range.Slice(0, 0x800)], _host.Mapper, _host.Routes));
        Assert.Throws<ArgumentException>(() => new DmaBuf("mine", provider, [new(provider.Range.End, 0x1000)], _host.Mapper, _host.Routes));
        Assert.ThrowsAny<ArgumentException>(() => new DmaBuf("mine", provider, [], _host.Mapper, _host.Routes));
        Assert.Equal(0x1000UL, new DmaBuf("mine", provider, [provider.Range.Slice(0, 0x1000)], _host.Mapper, _host.Routes).Length);
    }
}
