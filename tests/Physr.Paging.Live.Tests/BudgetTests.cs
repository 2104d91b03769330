// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Stores;
using Physr.Paging.Victim;

namespace Physr.Paging.Live.Tests;

/// <summary>What may be resident, and what leases hold.</summary>
public sealed unsafe class BudgetTests(SharedPager shared) : IClassFixture<SharedPager>
{
    private const ulong Length = 64 * 4096;

    [SkippableTheory]
    [InlineData(1, "memory")]
    [InlineData(1, "lz4")]
    [InlineData(3, "zstd")]
    [InlineData(200, "memory")]
    public void AnyBudgetServes_AlsoOnePageAndMoreThanThereIs(int pages, string kind)
    {
        PagerHost pager = shared.Host;
        RegionStore store = kind switch { "lz4" => RegionStore.Lz4(Length), "zstd" => RegionStore.Zstd(Length), _ => RegionStore.Memory(Length) };
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, store, (ulong)pages * 4096, new() { Pager = pager });
        Shadow shadow = new(region, seed: 40 + pages);
        shadow.Work(400);
        shadow.Check();
        Assert.InRange(region.ResidentBytes, 0ul, Math.Max((ulong)pages, 6) * 4096);

        // An access over the edge of a page needs two at once, a copy between pages as well.
        *(long*)(region.Pointer + 8192 - 4) = 0x0102030405060708;
        Assert.Equal(0x0102030405060708, *(long*)(region.Pointer + 8192 - 4));
        region.Span(0, 4096).CopyTo(region.Span(7 * 4096, 4096));
        Assert.True(region.Span(0, 4096).SequenceEqual(region.Span(7 * 4096, 4096)));
    }

    [SkippableFact]
    public void R34c_ALeasedPageStays_WhateverComes()
    {
        PagerHost pager = shared.Host;
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 8 * 4096, new() { Pager = pager });
        using ResidencyLease lease = region.Acquire(4096, 2 * 4096, LeaseAccess.Write);
        lease.Span.Fill(9);
        for (int page = 8; page < 64; page++)
        {
            region.Pointer[page * 4096] = 1;
            uint word = region.Control.Word(1) & region.Control.Word(2);
            Assert.Equal(Control.PageWord.Mapped | Control.PageWord.Writable, word & (Control.PageWord.Mapped | Control.PageWord.Writable));
        }

        Assert.Equal(0ul, region.Evict(4096, 2 * 4096));
        Assert.True(region.Evict(8 * 4096, 56 * 4096) > 0);
        Assert.Equal(9, lease.Span[^1]);
    }

    [SkippableFact]
    public void LeasesBeyondTheBudgetAreRefused_AndOverlappingOnesCountOnce()
    {
        PagerHost pager = shared.Host;
        DevicePrivateRegion region = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 4 * 4096, new() { Pager = pager });
        using (ResidencyLease first = region.Acquire(0, 3 * 4096, LeaseAccess.Read))
        using (ResidencyLease second = region.Acquire(4096, 2 * 4096, LeaseAccess.Write))
        {
            Assert.Equal(Errno.ENOMEM, Assert.Throws<DevicePrivateFaultException>(() => region.Acquire(8 * 4096, 2 * 4096, LeaseAccess.Read)).Errno);
            Assert.Throws<InvalidOperationException>(region.Dispose);
            Assert.Equal(5, region.Statistics.LeasedPages);
        }

        Assert.Equal(0, region.Statistics.LeasedPages);
        region.Dispose();
        Assert.Throws<ObjectDisposedException>(() => region.Acquire(0, 1, LeaseAccess.Read));
        Assert.Throws<ObjectDisposedException>(() => region.Span(0, 1));
        region.Dispose();
    }

    [SkippableFact]
    public void ABudgetThatShrinksUnderLoadIsKept()
    {
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 48 * 4096, new() { Pager = shared.Host });
        using ShadowWork work = new(region, threads: 2, seed: 50, Touches.Random, burst: 2);
        work.Start();
        foreach (ulong pages in (ReadOnlySpan<ulong>)[40, 12, 8, 30, 8, 20])
        {
            long before = work.Operations;
            region.SetResidentBudget(pages * 4096);
            Assert.Equal(pages * 4096, region.ResidentBudget);
            PagerLine.WaitFor(() => work.Operations > before + 400 || work.Failure is not null, "it does not go on");

            // An instruction of each thread may need some at once.
            PagerLine.WaitFor(() => region.ResidentBytes <= Math.Max(pages, 6) * 4096, $"{region.ResidentBytes} bytes stay resident");
        }

        work.Stop();
        Assert.Null(work.Check());
    }

    [SkippableFact]
    public void ABudgetThatWasSetIsTheNextPagersToo()
    {
        LiveSystem.Require();
        using PagerHost pager = PagerHost.Start();
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 48 * 4096, new() { Pager = pager });
        Shadow shadow = new(region, seed: 53);
        shadow.Work(400);
        region.SetResidentBudget(9 * 4096);
        int serving = region.Control.PagerId;
        PagerLine.WaitForStandby(serving);
        PagerLine.Kill(serving);
        shadow.Work(400);
        Assert.NotEqual(serving, region.Control.PagerId);
        Assert.Equal(9ul * 4096, region.ResidentBudget);
        PagerLine.WaitFor(() => region.ResidentBytes <= 9 * 4096, $"{region.ResidentBytes} bytes stay resident");
        shadow.Check();
        Assert.Equal(RegionHealth.Healthy, region.Health);
    }

    [SkippableFact]
    public void ABudgetForAllRegionsOfAPagerIsKept()
    {
        LiveSystem.Require();
        using PagerHost pager = PagerHost.Start(new() { ResidentBudget = 24 * 4096 });
        DevicePrivateRegion[] regions = [.. Enumerable.Range(0, 3).Select(_ => DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 16 * 4096, new() { Pager = pager }))];
        Shadow[] shadows = [.. regions.Select(static (region, index) => new Shadow(region, seed: 50 + index))];
        for (int round = 0; round < 4; round++)
        {
            foreach (Shadow shadow in shadows)
            {
                shadow.Work(60);
                Assert.InRange(regions.Sum(static region => (long)region.ResidentBytes), 1, 24 * 4096);
            }
        }

        Array.ForEach(shadows, static shadow => shadow.Check());
        Array.ForEach(regions, static region => region.Dispose());
    }

    [SkippableFact]
    public void ARegionLargerThanMemoryLiesInASparseFile()
    {
        const ulong length = 1ul << 40;
        using TemporaryFolder folder = new();
        string path = folder.File("sparse");
        using (FileStream file = File.Create(path))
        {
            file.SetLength((long)length);
        }

        using DevicePrivateRegion region = DevicePrivateRegion.Create(length, RegionStore.File(path, length, allowBuffered: true), 16 * 4096, new() { Pager = shared.Host });
        for (ulong at = 0; at < length; at += length / 40)
        {
            region.Pointer[at] = (byte)((at >> 35) + 1);
        }

        region.Persist();
        for (ulong at = 0; at < length; at += length / 40)
        {
            Assert.Equal((byte)((at >> 35) + 1), region.Pointer[at]);
        }

        Assert.InRange(region.ResidentBytes, 4096ul, 16 * 4096ul);
    }

    [SkippableFact]
    public void MoreIsNotPrefetchedThanMayBeResident()
    {
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 16 * 4096, new() { Pager = shared.Host });
        region.Prefetch(0, Length);
        PagerLine.WaitFor(() => region.Statistics.Prefetched != 0, "nothing came");

        // Written back by the same thread, after what it is at.
        region.Persist();
        Assert.InRange(region.Statistics.Prefetched, 1, 16);
    }

    [SkippableFact]
    public void WhatIsPrefetchedCostsNoFault_AndWhatIsEvictedIsGone()
    {
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 32 * 4096, new() { Pager = shared.Host });
        region.Prefetch(8 * 4096, 8 * 4096);
        PagerLine.WaitFor(() => region.ResidentBytes == 8 * 4096, $"{region.ResidentBytes} bytes came");
        for (int page = 8; page < 16; page++)
        {
            Assert.Equal(0, region.Pointer[page * 4096]);
        }

        Assert.Equal(0, region.Statistics.Faults);
        Assert.Equal(8, region.Statistics.Prefetched);
        region.Pointer[9 * 4096] = 9;
        Assert.Equal(3ul * 4096, region.Evict(9 * 4096, 3 * 4096));
        Assert.Equal(5ul * 4096, region.ResidentBytes);
        Assert.Equal(0ul, region.Evict(9 * 4096, 3 * 4096));
        Assert.Equal(9, region.Pointer[9 * 4096]);

        // The page that was just touched may still be the pager's for a moment after the touch went on.
        Assert.InRange(region.Evict(0, Length), 5ul * 4096, 6ul * 4096);
    }

    [SkippableFact]
    public void SixtyFourClientsOfEightPrograms_ShareAPager_WhoeverDies()
    {
        LiveSystem.Require();
        using PagerHost pager = PagerHost.Start();
        using DevicePrivateRegion own = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 8 * 4096, new() { Pager = pager });
        Victim[] children = [.. Enumerable.Range(0, 8).Select(index => Victim.Start("connections", "count=8", "operations=2000", $"seed={index * 100}", $"connect={pager.SocketPath}"))];
        try
        {
            Array.ForEach(children, static child => child.WaitForLine("connected"));
            Shadow shadow = new(own, seed: 60);
            Array.ForEach(children, static child => child.Say("work"));
            shadow.Work(100);
            children[0].Kill();
            shadow.Work(100);
            PagerLine.Kill(own.Control.PagerId);
            shadow.Work(100);
            foreach (Victim child in children[1..])
            {
                Assert.Equal("right", child.Finish()[^1]);
            }

            shadow.Check();
        }
        finally
        {
            Array.ForEach(children, static child => child.Dispose());
        }
    }

    [SkippableFact]
    public void AResidentLeaseAllocatesNothing()
    {
        PagerHost pager = shared.Host;
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 8 * 4096, new() { Pager = pager });
        region.Pointer[0] = 1;
        long sum = 0;
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            for (int index = 0; index < 1000; index++)
            {
                using ResidencyLease lease = region.Acquire(0, 4096, LeaseAccess.Write);
                sum += lease.Span[0];
            }
        }));
        Assert.True(sum > 0);
    }
}
