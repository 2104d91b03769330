// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.PageTables;

namespace Physr.Dma.Tests.Iommu;

/// <summary>What an IOTLB keeps, what makes it forget, and how often it is told to.</summary>
public sealed class InvalidationTests
{
    [Fact]
    public void ASecondAccessHits_AndOneOfEachPageMisses()
    {
        using IommuRig rig = new();
        DmaAddress iova = rig.Map(0x10_0000, 4 * PageSize.Size4K);
        for (ulong at = 0; at < 4 * PageSize.Size4K; at += 0x400)
        {
            Assert.Equal(0x10_0000UL + at, rig.Access(iova.Add(at)));
        }

        IotlbStatistics statistics = rig.Unit.Statistics;
        Assert.Equal((12, 4, 4), ((int)statistics.Hits, (int)statistics.Misses, statistics.Entries));
        Assert.Equal(4 * rig.Domain.Levels, statistics.TableReads);
        Assert.Equal(statistics.TableReads, rig.Unit.TableReads);
    }

    [Theory]
    [InlineData(PageSize.Size4K)]
    [InlineData(PageSize.Size2M)]
    [InlineData(PageSize.Size1G)]
    public void ALeafOfAnySizeIsOneEntry(ulong size)
    {
        using IommuRig rig = new();
        using IommuDomain domain = new(IoPageTableFormat.VtdSecondStage);
        rig.Unit.Replace(IommuRig.Device, Pasid.None, domain);
        domain.Map(new(4 * PageSize.Size1G), new(8 * PageSize.Size1G), size, IommuRig.ReadWrite);
        Assert.Equal(8 * PageSize.Size1G, rig.Access(new(4 * PageSize.Size1G)));
        Assert.Equal((8 * PageSize.Size1G) + size - 1, rig.Access(new((4 * PageSize.Size1G) + size - 1)));
        Assert.Null(rig.Access(new((4 * PageSize.Size1G) + size)));
        Assert.Equal((1, 2), ((int)rig.Unit.Statistics.Hits, (int)rig.Unit.Statistics.Misses));
        IotlbGather gather = new();
        Assert.Equal(size, domain.Unmap(new(4 * PageSize.Size1G), size, gather));
        domain.Sync(gather);
        Assert.Null(rig.Access(new((4 * PageSize.Size1G) + size - 1)));
        rig.Unit.Detach(IommuRig.Device, Pasid.None);
    }

    [Fact]
    public void R64c_OneFlushServesAWholeListHoweverManyRanges()
    {
        using IommuRig rig = new();
        const ulong Ranges = 100;
        DmaAddress iova = rig.Map(0x100_0000, Ranges * PageSize.Size4K);
        for (ulong i = 0; i < Ranges; i++)
        {
            rig.Access(iova.Add(i * PageSize.Size4K));
        }

        IotlbGather gather = IotlbGather.Rent();
        for (ulong i = 0; i < Ranges; i++)
        {
            rig.Domain.Unmap(iova.Add(i * PageSize.Size4K), PageSize.Size4K, gather);
        }

        rig.Dma.Release(iova, Ranges * PageSize.Size4K, gather);
        Assert.True(gather.IsEmpty);
        IotlbGather.Return(gather);
        Assert.Equal(1, rig.Domain.Flushes);
        Assert.Equal((1, (int)Ranges, 0), ((int)rig.Unit.Statistics.RangeInvalidations, (int)rig.Unit.Statistics.Dropped, rig.Unit.Statistics.Entries));
    }

    [Fact]
    public void EveryUnitThatADomainIsAttachedInIsTold_AndNoOther()
    {
        using IommuRig rig = new();
        IommuUnit second = new("iommu1");
        IommuUnit third = new("iommu2");
        RequesterId far = new(1, 0, 1, 0);
        second.Attach(far, Pasid.None, rig.Domain);
        DmaAddress iova = rig.Map(0x10_0000);
        rig.Access(iova);
        second.TryAccess(far, Pasid.None, iova, isWrite: true, out _, out _);
        rig.Unmap(iova);
        Assert.Null(rig.Access(iova));
        Assert.False(second.TryAccess(far, Pasid.None, iova, isWrite: true, out _, out _));
        Assert.Equal((1, 1, 0), ((int)rig.Unit.Statistics.Invalidations, (int)second.Statistics.Invalidations, (int)third.Statistics.Invalidations));
        Assert.Equal(1, rig.Domain.Flushes);
        second.Detach(far, Pasid.None);
        rig.Domain.FlushAll();
        Assert.Equal(1, second.Statistics.RangeInvalidations);
        Assert.Equal(1, second.Statistics.DomainInvalidations);
    }

    [Fact]
    public void WhatIsNotCachedIsWalked_EachTime()
    {
        using IommuRig rig = new(unit: new() { IotlbEntries = 0 });
        DmaAddress iova = rig.Map(0x10_0000);
        rig.Access(iova);
        rig.Access(iova);
        Assert.Equal((0, 2, 0), ((int)rig.Unit.Statistics.Hits, (int)rig.Unit.Statistics.Misses, rig.Unit.Statistics.Entries));
        rig.Unmap(iova);
        Assert.Null(rig.Access(iova));
    }

    [Fact]
    public void AFullSetEvicts_AndAGlobalInvalidationEmptiesAll()
    {
        using IommuRig rig = new(unit: new() { IotlbEntries = 8 });
        DmaAddress iova = rig.Map(0x10_0000, 16 * PageSize.Size4K);
        for (ulong i = 0; i < 16; i++)
        {
            Assert.Equal(0x10_0000 + (i * PageSize.Size4K), rig.Access(iova.Add(i * PageSize.Size4K)));
        }

        Assert.Equal((8, 8), ((int)rig.Unit.Statistics.Evictions, rig.Unit.Statistics.Entries));
        rig.Unit.InvalidateAll();
        Assert.Equal((0, 8, 1), (rig.Unit.Statistics.Entries, (int)rig.Unit.Statistics.Dropped, (int)rig.Unit.Statistics.GlobalInvalidations));
        Assert.Equal(0x10_0000UL, rig.Access(iova));
    }

    [Theory]
    [InlineData(IoPageTableFormat.AmdV1)]
    [InlineData(IoPageTableFormat.VtdSecondStage)]
    [InlineData(IoPageTableFormat.X86_64)]
    public void R77_TheFirstWriteThroughACachedCleanLeafReachesTheDirtyBit(IoPageTableFormat format)
    {
        using IommuRig rig = new(format: format);
        Assert.Equal(Errno.None, rig.Domain.SetDirtyTracking(true));
        DmaAddress iova = rig.Map(0x10_0000, 2 * PageSize.Size4K);
        Clean(rig);
        rig.Access(iova);
        rig.Access(iova);
        Assert.Empty(Dirty(rig, clear: false));

        // Cached by the read, and still the write is seen; the next one needs no walk.
        rig.Access(iova, isWrite: true);
        Assert.Equal(1, rig.Unit.Statistics.DirtyWalks);
        rig.Access(iova, isWrite: true);
        Assert.Equal(1, rig.Unit.Statistics.DirtyWalks);
        DmaRange dirty = Assert.Single(Dirty(rig, clear: true));
        Assert.True(dirty.Contains(iova));

        // Cleared and flushed: the leaf is clean again, and the next write is seen again.
        Assert.Empty(Dirty(rig, clear: false));
        rig.Access(iova, isWrite: true);
        Assert.Single(Dirty(rig, clear: true));
    }

    [Fact]
    public void R77_WithoutTheFlushAfterClearing_AWriteGoesUnseen()
    {
        // Why the caller of a clearing read has to sync: this is what the hardware does, and a test that the cache is real.
        using IommuRig rig = new();
        rig.Domain.SetDirtyTracking(true);
        DmaAddress iova = rig.Map(0x10_0000);
        rig.Access(iova, isWrite: true);
        IotlbGather gather = new();
        rig.Domain.ReadDirty(rig.Domain.Aperture, clear: true, gather, static _ => { });
        rig.Access(iova, isWrite: true);
        Assert.Empty(Dirty(rig, clear: false));
        rig.Domain.Sync(gather);
        rig.Access(iova, isWrite: true);
        Assert.Single(Dirty(rig, clear: false));
    }

    [Fact]
    public void TurningDirtyTrackingOnForgetsLeavesThatWereWrittenBefore()
    {
        using IommuRig rig = new();
        DmaAddress iova = rig.Map(0x10_0000);
        rig.Access(iova, isWrite: true);
        rig.Domain.SetDirtyTracking(true);
        rig.Access(iova, isWrite: true);
        Assert.Single(Dirty(rig, clear: false));
    }

    [Fact]
    public void TablesAreFreedAfterTheInvalidation_NotBefore()
    {
        using IommuRig rig = new();

        // One page off alignment: a table full of small leaves, which one unmap empties.
        DmaAddress iova = rig.Map(0x100_1000, PageSize.Size2M);
        long pages = rig.Domain.TablePages;
        IotlbGather gather = new();
        rig.Domain.Unmap(iova, PageSize.Size2M, gather);
        Assert.NotEmpty(gather.FreedTables);
        Assert.Equal(pages, rig.Domain.TablePages);
        rig.Dma.Release(iova, PageSize.Size2M, gather);
        Assert.Empty(gather.FreedTables);
        Assert.True(rig.Domain.TablePages < pages);
    }

    private static void Clean(IommuRig rig) => Dirty(rig, clear: true);

    private static List<DmaRange> Dirty(IommuRig rig, bool clear)
    {
        List<DmaRange> dirty = [];
        IotlbGather gather = new();
        Assert.Equal(Errno.None, rig.Domain.ReadDirty(new(new(0), uint.MaxValue), clear, gather, dirty.Add));
        rig.Domain.Sync(gather);
        return dirty;
    }
}
