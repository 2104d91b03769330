// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iova;
using Physr.Dma.PageTables;

namespace Physr.Dma.Tests.Iommu;

/// <summary>Strict and lazy: when what was unmapped is out of reach, and when its addresses are free again.</summary>
public sealed class FlushQueueTests
{
    private const ulong Period = 10_000_000;

    [Fact]
    public void AfterAStrictUnmapADeviceThatKeptTheAddressFaults()
    {
        using IommuRig rig = new(IommuFlushMode.Strict);
        DmaAddress iova = rig.Map(0x10_0000);
        Assert.Equal(0x10_0000UL, rig.Access(iova));
        rig.Unmap(iova);
        Assert.Null(rig.Access(iova));
        Assert.Equal(0, rig.Iova.LiveCount);
        Assert.True(rig.Unit.Faults.TryRead(out IommuFault fault));
        Assert.Equal(IommuFaultReason.NotMapped, fault.Reason);
    }

    [Fact]
    public void AfterALazyUnmapADeviceThatUsedTheAddressStillReachesTheOldBytes_UntilTheFlush()
    {
        using IommuRig rig = new(IommuFlushMode.Lazy);
        DmaAddress iova = rig.Map(0x10_0000);
        DmaAddress unused = rig.Map(0x20_0000);
        Assert.Equal(0x10_0000UL, rig.Access(iova));
        rig.Unmap(iova);
        rig.Unmap(unused);

        // The window, which is as real as it is in hardware: cached here, not mapped any more for whoever has to walk.
        Assert.Equal(0x10_0000UL, rig.Access(iova, isWrite: true));
        Assert.Null(rig.Access(unused));
        Assert.Equal(2, rig.Iova.LiveCount);
        Assert.Equal(2, rig.Dma.Queue!.Flush());
        Assert.Null(rig.Access(iova));
        Assert.Equal(0, rig.Iova.LiveCount);
    }

    [Fact]
    public void InTheLazyWindowTheAddressIsNobodyElses()
    {
        using IommuRig rig = new(IommuFlushMode.Lazy);
        DmaAddress iova = rig.Map(0x10_0000);
        rig.Access(iova);
        rig.Unmap(iova);
        rig.Unmap(rig.Map(0x20_0000));
        HashSet<DmaAddress> later = [];
        for (ulong i = 0; i < 64; i++)
        {
            later.Add(rig.Map(0x40_0000 + (i << 12)));
        }

        Assert.DoesNotContain(iova, later);
    }

    [Fact]
    public void OneFlushServesARingful()
    {
        using IommuRig rig = new(IommuFlushMode.Lazy);
        for (int i = 0; i < 256; i++)
        {
            rig.Unmap(rig.Map(0x10_0000));
        }

        Assert.Equal((0, 256), ((int)rig.Dma.Queue!.Flushes, rig.Dma.Queue.Pending));
        rig.Unmap(rig.Map(0x10_0000));
        Assert.Equal((1, 1, 1), ((int)rig.Dma.Queue.Flushes, (int)rig.Dma.Queue.Forced, rig.Dma.Queue.Pending));
        Assert.Equal((1, 1, 0), ((int)rig.Domain.Flushes, (int)rig.Unit.Statistics.DomainInvalidations, (int)rig.Unit.Statistics.RangeInvalidations));
        Assert.Equal(1, rig.Iova.LiveCount);
    }

    [Fact]
    public void WhatWaitsIsFlushedAPeriodAfterTheFirstRunCame()
    {
        using IommuRig rig = new(IommuFlushMode.Lazy);
        FlushQueue queue = rig.Dma.Queue!;
        Assert.False(queue.Tick(5));
        rig.Unmap(rig.Map(0x10_0000));
        Assert.False(queue.Tick(5 + Period - 1));
        rig.Unmap(rig.Map(0x20_0000));
        Assert.Equal(2, queue.Pending);
        Assert.True(queue.Tick(5 + Period));
        Assert.Equal((0, 0), (queue.Pending, (int)rig.Iova.LiveCount));

        // Nothing waits: no flush for nothing, however much time passes.
        Assert.False(queue.Tick(5 + (10 * Period)));
        Assert.Equal(1, queue.Flushes);
        rig.Unmap(rig.Map(0x30_0000));
        Assert.False(queue.Tick(5 + (10 * Period)));
        Assert.True(queue.Tick(5 + (11 * Period)));
    }

    [Fact]
    public void WhoeverOwnsTheClockIsAskedWhenWaitingBegins()
    {
        using IommuRig rig = new(IommuFlushMode.Lazy);
        int asked = 0;
        rig.Dma.Queue!.Armed = () =>
        {
            asked++;
            return 1000;
        };
        rig.Unmap(rig.Map(0x10_0000));
        rig.Unmap(rig.Map(0x10_0000));
        Assert.Equal(1, asked);
        Assert.False(rig.Dma.Queue.Tick(1000 + Period - 1));
        Assert.True(rig.Dma.Queue.Tick(1000 + Period));
        rig.Unmap(rig.Map(0x10_0000));
        Assert.Equal(2, asked);
    }

    [Fact]
    public void R67e_WhereAddressesRunOutThoseThatWaitAreFlushedAndUsed()
    {
        using IommuDomain domain = new(IoPageTableFormat.AmdV1);
        using IovaAllocator iova = new(PageSize.Size4K, new(PageSize.Size4K), new((5 * PageSize.Size4K) - 1));
        DmaDomain dma = new(domain, iova, IommuFlushMode.Lazy, new() { Stripes = 1 });
        for (int round = 0; round < 3; round++)
        {
            DmaAddress[] taken = new DmaAddress[4];
            for (int i = 0; i < taken.Length; i++)
            {
                Assert.Equal(Errno.None, dma.TryAllocate(PageSize.Size4K, ulong.MaxValue, out taken[i]));
                domain.Map(taken[i], new(0x10_0000), PageSize.Size4K, IommuRig.ReadWrite);
            }

            Assert.Equal(Errno.ENOMEM, dma.TryAllocate(PageSize.Size4K, ulong.MaxValue, out _));
            foreach (DmaAddress each in taken)
            {
                IotlbGather gather = IotlbGather.Rent();
                domain.Unmap(each, PageSize.Size4K, gather);
                dma.Release(each, PageSize.Size4K, gather);
                IotlbGather.Return(gather);
            }
        }

        Assert.Equal(2, dma.Queue!.Flushes);
        dma.Queue.Flush();
    }

    [Fact]
    public void ARunInWhichNothingWasMappedNeedsNoFlush()
    {
        foreach (IommuFlushMode mode in Enum.GetValues<IommuFlushMode>())
        {
            using IommuRig rig = new(mode);
            rig.Dma.TryAllocate(PageSize.Size4K, ulong.MaxValue, out DmaAddress iova);
            IotlbGather gather = IotlbGather.Rent();
            rig.Dma.Release(iova, PageSize.Size4K, gather);
            IotlbGather.Return(gather);
            Assert.Equal((0, 0), ((int)rig.Iova.LiveCount, (int)rig.Domain.Flushes));
        }
    }

    [Fact]
    public void TablesWaitForTheFlushToo()
    {
        using IommuRig rig = new(IommuFlushMode.Lazy);
        DmaAddress iova = rig.Map(0x100_1000, PageSize.Size2M);
        DmaAddress other = rig.Map(0x20_0000);
        long pages = rig.Domain.TablePages;
        IotlbGather gather = IotlbGather.Rent();
        rig.Domain.Unmap(iova, PageSize.Size2M, gather);
        int cut = gather.FreedTables.Count;
        Assert.NotEqual(0, cut);
        rig.Dma.Release(iova, PageSize.Size2M, gather);
        IotlbGather.Return(gather);
        rig.Unmap(other);
        Assert.Equal(pages, rig.Domain.TablePages);
        rig.Dma.Queue!.Flush();
        Assert.True(rig.Domain.TablePages < pages);
    }

    [Fact]
    public void ThreadsShareTheQueue_AndEveryAddressComesBackOnce()
    {
        using IommuRig rig = new(IommuFlushMode.Lazy, queue: new() { Stripes = 4, Entries = 16 });
        const int Rounds = 2000;
        Parallel.For(0, 4, _ =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                rig.Unmap(rig.Map(0x10_0000));
                if (i % 100 == 0)
                {
                    rig.Dma.Queue!.Flush();
                }
            }
        });
        rig.Dma.Queue!.Flush();
        Assert.Equal((0, 0), (rig.Dma.Queue.Pending, (int)rig.Iova.LiveCount));
        Assert.True(rig.Dma.Queue.Flushes < 4 * Rounds / 4, $"{rig.Dma.Queue.Flushes} flushes");
    }

    [Theory]
    [InlineData(IommuFlushMode.Strict)]
    [InlineData(IommuFlushMode.Lazy)]
    public void SteadyMappingAllocatesNothing(IommuFlushMode mode)
    {
        using IommuRig rig = new(mode);
        const ulong Length = 4 * PageSize.Size4K;
        ulong unmapped = 0;
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            for (int i = 0; i < 600; i++)
            {
                rig.Dma.TryAllocate(Length, uint.MaxValue, out DmaAddress iova);
                rig.Domain.Map(iova, new(0x10_0000), Length, IommuRig.ReadWrite);
                rig.Access(iova, isWrite: true);
                IotlbGather gather = IotlbGather.Rent();
                unmapped += rig.Domain.Unmap(iova, Length, gather);
                rig.Dma.Release(iova, Length, gather);
                IotlbGather.Return(gather);
            }
        }));
        Assert.Equal(0UL, unmapped % (600 * Length));
        Assert.NotEqual(0UL, unmapped);
    }
}
