// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iova;
using Physr.Dma.PageTables;
using Physr.Dma.Sharing;
using Physr.Memory;

namespace Physr.Dma.Tests.Sharing;

/// <summary>Lent slices behind an IOMMU's own page tables, by the mapper that ships.</summary>
public sealed class TranslatedTests
{
    private const ulong BarStart = 0x20_0000_0000;

    [Theory]
    [InlineData(IommuFlushMode.Strict)]
    [InlineData(IommuFlushMode.Lazy)]
    public void R69a_R70a_OneWindowLeadsToEverySlice_AndAfterARevokeToNone(IommuFlushMode mode)
    {
        using IommuDomain domain = new(IoPageTableFormat.AmdV1);
        using IovaAllocator iova = new(PageSize.Size4K, new(PageSize.Size4K), new(0xffff_ffff));
        (BarSliceExporter exporter, P2PProviderSet device, DmaMapper mapper) = Make();
        DmaDevice gpu = new("gpu0") { Domain = new(domain, iova, mode) };
        Assert.Equal(Errno.None, exporter.TryExport(0, 0, [new(0x5000, 0x1000), new(0x1000, 0x2000)], out DmaBuf? buffer));
        TestImporter importer = new();
        Assert.Equal(Errno.None, importer.Attach(buffer!, gpu));
        for (int round = 0; round < 3; round++)
        {
            Assert.Null(importer.Map());
            Assert.Equal(1, importer.Mapping!.Addresses.EntryCount);
            DmaAddress at = importer.Mapping.Addresses.Seek(0).Range.Start;
            Assert.Equal(BarStart + 0x5000, Translate(domain, at));
            Assert.Equal(BarStart + 0x1000, Translate(domain, at.Add(0x1000)));
            Assert.Equal(BarStart + 0x2008, Translate(domain, at.Add(0x2008)));
            long flushes = domain.Flushes;
            Assert.Equal(Errno.None, buffer!.Revoke());
            Assert.True(domain.Flushes > flushes, "an IOTLB may remember");
            Assert.False(domain.TryTranslate(at, out _));
            Assert.False(domain.TryTranslate(at.Add(0x2000), out _));

            // Nothing was mapped since: a second revoke has nothing to forget.
            flushes = domain.Flushes;
            Assert.Equal(Errno.None, buffer.Revoke());
            Assert.Equal(flushes, domain.Flushes);
            Assert.Equal(Errno.None, buffer.Unrevoke());
        }

        Assert.Equal(Errno.None, importer.Attachment!.TryDetach());
        buffer!.Release();
        Assert.Equal(0, mapper.ActiveMappings);
        Assert.Equal(0, device.ActiveUses);
        exporter.Remove();
    }

    [Fact]
    public void R69a_WhatWasUnmappedLazilyBeforeTheRevokeIsForgottenByIt()
    {
        using IommuDomain domain = new(IoPageTableFormat.AmdV1);
        using IovaAllocator iova = new(PageSize.Size4K, new(PageSize.Size4K), new(0xffff_ffff));
        (BarSliceExporter exporter, _, _) = Make();
        DmaDevice gpu = new("gpu0") { Domain = new(domain, iova, IommuFlushMode.Lazy) };
        Assert.Equal(Errno.None, exporter.TryExport(0, 0, [new(0, 0x1000)], out DmaBuf? buffer));
        TestImporter importer = new();
        Assert.Equal(Errno.None, importer.Attach(buffer!, gpu));
        Assert.Null(importer.Map());
        importer.Unmap();
        Assert.Equal(Errno.None, importer.Attachment!.TryDetach());
        long flushes = domain.Flushes;
        Assert.Equal(Errno.None, buffer!.Revoke());
        Assert.True(domain.Flushes > flushes, "the window that lazy flushing leaves open is still open");
    }

    private static (BarSliceExporter Exporter, P2PProviderSet Device, DmaMapper Mapper) Make()
    {
        MemoryMap map = new();
        P2PProviderSet device = new(map, "vf0");
        Assert.Equal(Errno.None, device.Initialize(new BarAperture(0, new(new(BarStart), 1 << 20), new(BarStart))));
        FakeRoutes routes = new();
        routes.ByOwner["vf0"] = P2PMapType.ThroughHostBridge;
        DmaMapper mapper = new(map, routes);
        return (new(device, mapper, routes), device, mapper);
    }

    private static ulong Translate(IommuDomain domain, DmaAddress address)
    {
        Assert.True(domain.TryTranslate(address, out IommuTranslation translation));
        return translation.Address.Value;
    }
}
