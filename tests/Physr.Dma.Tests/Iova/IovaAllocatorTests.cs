// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iova;

namespace Physr.Dma.Tests.Iova;

public sealed class IovaAllocatorTests
{
    private const ulong Page = PageSize.Size4K;
    private const ulong FourGiB = 1UL << 32;
    private const ulong All = ulong.MaxValue;

    [Fact]
    public void R67a_RunsAreHandedOutTopDown_AlignedToTheirSize()
    {
        using IovaAllocator space = new(Page, new(0), new((1UL << 39) - 1));
        Assert.Equal(FourGiB - Page, Take(space, Page));
        Assert.Equal(FourGiB - (2 * Page), Take(space, Page));
        Assert.Equal(FourGiB - (4 * Page), Take(space, 2 * Page));
        Assert.Equal(FourGiB - (8 * Page), Take(space, 3 * Page));
        Assert.Equal(FourGiB - (16 * Page), Take(space, (4 * Page) + 1));
        Assert.Equal(FourGiB - (2 << 20), Take(space, 1 << 20));

        // What alignment left over is used for what fits there: the highest place comes first.
        Assert.Equal(FourGiB - (32 * Page), Take(space, 16 * Page));
        Assert.Equal(7, space.LiveCount);
        Assert.Equal((1UL + 1 + 2 + 4 + 8 + 256 + 16) * Page, space.LiveBytes);
    }

    [Fact]
    public void R67a_AddressZeroAndWhatLiesBelowTheFirstAddress_AreNeverHandedOut()
    {
        using IovaAllocator whole = new(Page, new(0), new((4 * Page) - 1));
        Assert.Equal(3 * Page, Take(whole, Page));
        Assert.Equal(2 * Page, Take(whole, Page));
        Assert.Equal(Page, Take(whole, Page));
        Assert.Equal(Errno.ENOMEM, whole.TryAllocate(Page, All, out DmaAddress none));
        Assert.Equal(DmaAddress.MappingError, none);

        using IovaAllocator part = new(Page, new(Page + 1), new((4 * Page) - 2));
        Assert.Equal(2 * Page, Take(part, Page));
        Assert.Equal(Errno.ENOMEM, part.TryAllocate(Page, All, out _));
    }

    [Fact]
    public void R67a_TheLastGranuleOf64Bits_IsNotHandedOut_ItHoldsTheErrorValue()
    {
        using IovaAllocator space = new(Page, new(FourGiB), new(ulong.MaxValue));
        Assert.Equal(ulong.MaxValue - (2 * Page) + 1, Take(space, Page));
        Assert.Equal(ulong.MaxValue - (4 * Page) + 1, Take(space, 2 * Page));
    }

    [Fact]
    public void R67a_SizesThatNoMagazineKeeps_TakeWhatTheyNeed_AlignedToTheNextPowerOfTwo()
    {
        using IovaAllocator space = new(Page, new(0), new(FourGiB - 1));
        ulong length = (2 << 20) + Page;
        Assert.Equal(FourGiB - (4 << 20), Take(space, length));
        Assert.Equal(length, space.LiveBytes);

        // Above it, in the same 4 MiB, smaller runs still find place.
        Assert.Equal(FourGiB - (1 << 20), Take(space, 1 << 20));
        space.Free(new(FourGiB - (4 << 20)), length);
        Assert.Equal(FourGiB - (4 << 20), Take(space, length));
        Assert.Equal(FourGiB - (1UL << 31), Take(space, (1UL << 31) - (4 << 20)));
    }

    [Fact]
    public void R67b_AddressesBelow4GiB_ComeFirst_ThenTheMasks()
    {
        using IovaAllocator space = new(Page, new(0), new((1UL << 48) - 1));
        Assert.Equal(1UL << 31, Take(space, 1UL << 31));
        Assert.Equal(1UL << 30, Take(space, 1UL << 30));
        Assert.Equal((1UL << 48) - (1UL << 31), Take(space, 1UL << 31));
        Assert.Equal((1UL << 39) - (1UL << 31), Take(space, 1UL << 31, (1UL << 39) - 1));
        Assert.Equal(Errno.ENOMEM, space.TryAllocate(1UL << 31, uint.MaxValue, out _));
        Assert.Equal(1UL << 29, Take(space, 1UL << 29));
    }

    [Fact]
    public void R67b_ALowRunThatCameBack_IsPreferredToAHighOneThatCameBackLater()
    {
        IovaAllocatorOptions options = new() { CachedOrders = 10 };
        using IovaAllocator space = new(Page, new(FourGiB - (4 * Page)), new(FourGiB + (1 << 20) - 1), options);
        ulong[] low = [.. Enumerable.Range(0, 4).Select(_ => Take(space, Page))];
        Assert.All(low, run => Assert.True(run < FourGiB));
        ulong high = Take(space, Page);
        Assert.True(high >= FourGiB);
        space.Free(new(low[1]), Page);
        space.Free(new(high), Page);
        Assert.Equal(low[1], Take(space, Page));
        Assert.Equal(high, Take(space, Page));
    }

    [Theory]
    [InlineData(24)]
    [InlineData(30)]
    [InlineData(32)]
    [InlineData(39)]
    [InlineData(48)]
    public void R67b_NarrowMasksAreKept_AlsoByRunsThatWereKept(int bits)
    {
        // The space begins just below the mask, so that most kept runs lie above it.
        ulong mask = (1UL << bits) - 1;
        using IovaAllocator space = new(Page, new(mask + 1 - (64 * Page)), new((1UL << 50) - 1));
        List<(ulong Run, ulong Length)> live = [];
        for (int i = 0; i < 600; i++)
        {
            ulong length = Page << (i % 4);
            live.Add((Take(space, length), length));
        }

        // Wide ones fill the space below 4 GiB too, if there is any; all of it comes back and waits in magazines.
        live.ForEach(run => space.Free(new(run.Run), run.Length));
        List<ulong> narrow = [];
        while (space.TryAllocate(Page, mask, out DmaAddress address) == Errno.None)
        {
            Assert.True(address.Value + Page - 1 <= mask);
            narrow.Add(address.Value);
        }

        Assert.Equal(64, narrow.Distinct().Count());
        Assert.Equal(Errno.None, space.TryAllocate(Page, All, out _));
    }

    [Fact]
    public void R67c_MagazinesHold127_TwoToAThread_AndFullOnesGoToTheDepot()
    {
        using IovaAllocator space = new(Page, new(0), new((1UL << 39) - 1));
        foreach ((int runs, int depot) in (ReadOnlySpan<(int, int)>)[(254, 0), (255, 1), (381, 1), (382, 2), (127 * 10, 8)])
        {
            ulong[] live = [.. Enumerable.Range(0, runs).Select(_ => Take(space, Page))];
            Array.ForEach(live, run => space.Free(new(run), Page));
            IovaStatistics after = space.GetStatistics();
            Assert.Equal((0, runs, depot), (after.LiveCount, after.CachedCount, after.DepotMagazines));
        }

        // Back and forth through the depot, with the magazines that there are.
        ulong[] all = new ulong[127 * 10];
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            for (int i = 0; i < all.Length; i++)
            {
                space.TryAllocate(Page, All, out DmaAddress address);
                all[i] = address.Value;
            }

            foreach (ulong run in all)
            {
                space.Free(new(run), Page);
            }
        }));

        // Nothing was cut twice: what came back was used again.
        Assert.Equal(127 * 10, space.GetStatistics().TreeTakes);
    }

    [Fact]
    public void R67c_TheLastRunThatCameBackIsTheNextOneOut_PerSize()
    {
        using IovaAllocator space = new(Page, new(0), new((1UL << 39) - 1));
        for (ulong length = Page; length <= 512 * Page; length *= 2)
        {
            ulong first = Take(space, length);
            ulong second = Take(space, length);
            space.Free(new(first), length);
            space.Free(new(second), length);
            Assert.Equal(second, Take(space, length));
            Assert.Equal(first, Take(space, length));
        }
    }

    [Fact]
    public void R67c_TheDepotIsTrimmedWhenAsked_AndWhatItGivesBackJoinsItsNeighbours()
    {
        using IovaAllocator space = new(Page, new(0), new(FourGiB - 1));
        ulong[] live = [.. Enumerable.Range(0, 127 * 6).Select(_ => Take(space, Page))];
        Array.ForEach(live, run => space.Free(new(run), Page));
        Assert.Equal(0, space.TrimDepot(4));
        Assert.Equal(127 * 3, space.TrimDepot(1));
        Assert.Equal((127 * 3, 1), (space.GetStatistics().CachedCount, space.GetStatistics().DepotMagazines));
        space.FlushCaches();
        Assert.Equal((0, 0), (space.GetStatistics().CachedCount, space.GetStatistics().DepotMagazines));
        Assert.Equal(1UL << 31, Take(space, 1UL << 31));
        Assert.Throws<ArgumentOutOfRangeException>(() => space.TrimDepot(-1));
    }

    [Fact]
    public void R67c_WhatOneThreadFreed_AnotherTakesFromTheDepot()
    {
        using IovaAllocator space = new(Page, new(0), new((1UL << 39) - 1));
        ulong[] live = [.. Enumerable.Range(0, 127 * 4).Select(_ => Take(space, Page))];
        Array.ForEach(live, run => space.Free(new(run), Page));
        long cut = space.GetStatistics().TreeTakes;
        HashSet<ulong> taken = [];
        OnAnotherThread(() => taken = [.. Enumerable.Range(0, 127 * 2).Select(_ => Take(space, Page))]);
        Assert.Equal(127 * 2, taken.Count);
        Assert.Equal((cut, 0), (space.GetStatistics().TreeTakes, space.GetStatistics().DepotMagazines));
        Assert.Equal(127 * 2, space.LiveCount);
    }

    [Fact]
    public void R67e_WhenNothingIsLeft_EveryThreadsMagazinesAreEmptied_AndTheSearchIsRepeated()
    {
        using IovaAllocator space = new(Page, new(16 << 20), new((32 << 20) - 1));
        OnAnotherThread(() =>
        {
            ulong[] live = [.. Enumerable.Range(0, 4096).Select(_ => Take(space, Page))];
            Assert.Equal(Errno.ENOMEM, space.TryAllocate(Page, All, out _));
            Array.ForEach(live, run => space.Free(new(run), Page));
        });
        Assert.Equal((4096, 0), (space.GetStatistics().CachedCount, space.GetStatistics().Flushes));
        Assert.Equal(16UL << 20, Take(space, 16 << 20));
        Assert.Equal((0, 1), (space.GetStatistics().CachedCount, space.GetStatistics().Flushes));

        // Empty magazines are not flushed again and again.
        Assert.Equal(Errno.ENOMEM, space.TryAllocate(Page, All, out _));
        Assert.Equal(1, space.GetStatistics().Flushes);
    }

    [Fact]
    public void R67e_BelowItsMaskADeviceGetsWhatOthersKeep_BeforeItGetsAnError()
    {
        using IovaAllocator space = new(Page, new(0), new((1UL << 39) - 1));
        List<ulong> live = [];
        while (space.TryAllocate(1 << 20, uint.MaxValue, out DmaAddress address) == Errno.None)
        {
            live.Add(address.Value);
        }

        Assert.Equal(4095, live.Count);
        OnAnotherThread(() => live.ForEach(run => space.Free(new(run), 1 << 20)));
        Assert.Equal(1UL << 31, Take(space, 1UL << 31, uint.MaxValue));
    }

    [Fact]
    public void Misuse_IsRefused_AndChangesNothing()
    {
        using IovaAllocator space = new(Page, new(1 << 20), new((1UL << 39) - 1));
        Assert.Equal(Errno.EINVAL, space.TryAllocate(0, All, out DmaAddress address));
        Assert.Equal(DmaAddress.MappingError, address);
        Assert.Equal(Errno.EINVAL, space.TryAllocate((1UL << 62) + 1, All, out _));
        Assert.Equal(Errno.ENOMEM, space.TryAllocate(1UL << 62, All, out _));
        Assert.Equal(Errno.ENOMEM, space.TryAllocate(ulong.MaxValue >> 2, All, out _));
        Assert.Equal(Errno.ENOMEM, space.TryAllocate(Page, 0, out _));
        Assert.Equal(Errno.ENOMEM, space.TryAllocate(Page, Page - 1, out _));
        ulong run = Take(space, 4 * Page);
        Assert.Throws<PhysrException>(() => space.Free(new(run + Page), 4 * Page));
        Assert.Throws<PhysrException>(() => space.Free(new(run + 1), Page));
        Assert.Throws<PhysrException>(() => space.Free(new(0), Page));
        Assert.Throws<PhysrException>(() => space.Free(new(1UL << 39), Page));
        Assert.Throws<PhysrException>(() => space.Free(DmaAddress.MappingError, Page));
        Assert.Throws<PhysrException>(() => space.Free(new(run), 0));
        Assert.Throws<PhysrException>(() => space.Free(new(run), ulong.MaxValue));
        ulong large = Take(space, 8 << 20);
        space.Free(new(large), 8 << 20);
        Assert.Throws<PhysrException>(() => space.Free(new(large), 8 << 20));
        Assert.Equal(1, space.LiveCount);
        space.Free(new(run), 4 * Page);
        Assert.Equal((0, 0UL), (space.LiveCount, space.LiveBytes));

        Assert.Throws<PhysrException>(() => new IovaAllocator(3000, new(0), new(1 << 20)));
        Assert.Throws<PhysrException>(() => new IovaAllocator(Page, new(0), new(Page)));
        Assert.Throws<PhysrException>(() => new IovaAllocator(Page, new(1 << 20), new(Page)));
        Assert.Throws<PhysrException>(() => new IovaAllocator(Page, new(0), new(1 << 20), new() { CachedOrders = 21 }));
    }

    [Fact]
    public void ARunFreedTwice_IsCountedWhenItReturnsToTheGaps_AndNoticedAtOnceWhereChecked()
    {
        using IovaAllocator space = new(Page, new(0), new((1UL << 39) - 1));
        ulong run = Take(space, Page);
        space.Free(new(run), Page);
        space.Free(new(run), Page);
        space.FlushCaches();
        Assert.Equal(1, space.GetStatistics().DuplicateFrees);
        ulong[] runs = [Take(space, Page), Take(space, Page)];
        Assert.NotEqual(runs[0], runs[1]);

        using IovaAllocator strict = new(Page, new(0), new((1UL << 39) - 1), new() { IsChecked = true });
        run = Take(strict, 3 * Page);
        Assert.Throws<PhysrException>(() => strict.Free(new(run), 4 * Page));
        Assert.Throws<PhysrException>(() => strict.Free(new(run - (4 * Page)), 3 * Page));
        strict.Free(new(run), 3 * Page);
        PhysrException twice = Assert.Throws<PhysrException>(() => strict.Free(new(run), 3 * Page));
        Assert.Equal(Errno.EINVAL, twice.Errno);
        Assert.Equal((0, 1L), (strict.LiveCount, strict.GetStatistics().CachedCount));
    }

    [Fact]
    public void AfterDisposal_NothingIsHandedOut_AndWhatIsStillOutMayComeBack()
    {
        IovaAllocator space = new(Page, new(0), new((1UL << 39) - 1));
        ulong kept = Take(space, Page);
        ulong run = Take(space, Page);
        space.Free(new(kept), Page);
        space.Dispose();
        space.Dispose();
        Assert.Equal(Errno.ENODEV, space.TryAllocate(Page, All, out _));
        Assert.Equal(Errno.ENODEV, space.Reserve(new(new(Page), Page)));
        space.Free(new(run), Page);
        space.FlushCaches();
        Assert.Equal(0, space.TrimDepot(0));
        Assert.Equal(0, space.GetStatistics().CachedCount);
    }

    [Fact]
    public void InSteadyState_NothingIsAllocated_WhateverTheSizesAndTheSwings()
    {
        using IovaAllocator space = new(Page, new(0), new((1UL << 39) - 1));
        (ulong Run, ulong Length)[] live = new (ulong, ulong)[2000];
        int failures = 0;
        long allocated = AllocationProbe.Least(() =>
        {
            for (int i = 0; i < live.Length; i++)
            {
                ulong length = Page << (i % 12);
                failures += space.TryAllocate(length, All, out DmaAddress address) == Errno.None ? 0 : 1;
                live[i] = (address.Value, length);
            }

            foreach ((ulong run, ulong length) in live)
            {
                space.Free(new(run), length);
            }
        });
        Assert.Equal((0, 0), (allocated, failures));
        Assert.True(space.GetStatistics().DepotMagazines == 0 && space.GetStatistics().CachedCount > 1000);

        allocated = AllocationProbe.Least(() =>
        {
            // Through the depot and back to the gaps.
            for (int i = 0; i < live.Length; i++)
            {
                space.TryAllocate(Page, All, out DmaAddress address);
                live[i].Run = address.Value;
            }

            foreach ((ulong run, _) in live)
            {
                space.Free(new(run), Page);
            }

            space.FlushCaches();
        });
        Assert.Equal(0, allocated);
    }

    private static ulong Take(IovaAllocator space, ulong length, ulong mask = All)
    {
        Assert.Equal(Errno.None, space.TryAllocate(length, mask, out DmaAddress address));
        return address.Value;
    }

    private static void OnAnotherThread(Action work)
    {
        Exception? failure = null;
        Thread thread = new(() => failure = Record.Exception(work));
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }
}
