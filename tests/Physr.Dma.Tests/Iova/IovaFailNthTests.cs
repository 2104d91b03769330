// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iova;
using Physr.Memory;

namespace Physr.Dma.Tests.Iova;

public sealed class IovaFailNthTests
{
    private const ulong Page = PageSize.Size4K;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void R91_EveryGrowthMayFail_AndNothingLeaks_NorDoesFreeing(bool isChecked)
    {
        // Without memory for a magazine or a stripe, runs go back to the gaps: nobody need notice.
        IReadOnlySet<string> sites = FailNth.Repeat(least: 4, isMadeGood: static _ => true, scenario: gate =>
        {
            using IovaAllocator space = new(Page, new(0), new((1UL << 33) - 1), new() { AllocationGate = gate, IsChecked = isChecked });
            NaiveIova naive = new(Page, Page, (1UL << 33) - 1, cachedOrders: 10);
            int refused = Play(space, naive);
            IovaStatistics end = space.GetStatistics();
            Assert.Equal((0, 0UL, 0, 0L), (end.LiveCount, end.LiveBytes, end.CachedCount, end.DuplicateFrees));
            Assert.InRange(refused, 0, 1);
            return refused == 0;
        });

        string[] expected = ["iova magazine", "iova nodes", "iova reserved ranges", isChecked ? "iova checked runs" : "iova stripe"];
        Assert.Equal(expected.Order(StringComparer.Ordinal), sites.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void R91_WithoutMemoryForMagazines_RunsGoStraightBackToTheGaps()
    {
        using IovaAllocator space = new(Page, new(0), new((1UL << 33) - 1), new() { AllocationGate = new Refusing("iova magazine") });
        for (int i = 0; i < 300; i++)
        {
            Assert.Equal(Errno.None, space.TryAllocate(Page, ulong.MaxValue, out DmaAddress address));
            Assert.Equal((1UL << 32) - Page, address.Value);
            space.Free(address, Page);
            Assert.Equal(0, space.GetStatistics().CachedCount);
        }
    }

    [Fact]
    public void R91_WithoutMemoryForNodes_RunsAreRefused_AndThoseThatAreOutComeBack()
    {
        using IovaAllocator space = new(Page, new(0), new((1UL << 33) - 1), new() { AllocationGate = new Refusing("iova nodes"), CachedOrders = 0 });
        List<ulong> live = [];
        while (space.TryAllocate(Page, ulong.MaxValue, out DmaAddress address) == Errno.None)
        {
            live.Add(address.Value);
        }

        Assert.NotEmpty(live);
        for (int i = 0; i < live.Count; i += 2)
        {
            space.Free(new(live[i]), Page);
        }

        for (int i = 1; i < live.Count; i += 2)
        {
            space.Free(new(live[i]), Page);
        }

        Assert.Equal(0, space.LiveCount);
        Assert.Equal(Errno.None, space.TryAllocate(1UL << 31, uint.MaxValue, out _));
    }

    /// <summary>A few hundred runs out and back, in an order that cuts gaps and goes through the depot.</summary>
    private static int Play(IovaAllocator space, NaiveIova naive)
    {
        int refused = 0;
        List<(ulong Run, ulong Length)> live = [];
        for (int i = 0; i < 400; i++)
        {
            ulong length = i % 40 == 0 ? 3 << 20 : i % 3 == 0 ? Page : 4 * Page;
            Errno errno = space.TryAllocate(length, ulong.MaxValue, out DmaAddress address);
            if (errno == Errno.None)
            {
                naive.Take(address.Value, length);
                live.Add((address.Value, length));
            }
            else
            {
                Assert.Equal(Errno.ENOMEM, errno);
                refused++;
            }
        }

        DmaRange window = new(new(0x1000_0000), 0x10_0000);
        Errno reserved = space.Reserve(window);
        if (reserved == Errno.None)
        {
            naive.Reserve(window.Start.Value, window.End.Value);
        }
        else
        {
            Assert.Equal(Errno.ENOMEM, reserved);
            refused++;
        }

        for (int half = 0; half < 2; half++)
        {
            for (int i = half; i < live.Count; i += 2)
            {
                space.Free(new(live[i].Run), live[i].Length);
                naive.Free(live[i].Run);
            }
        }

        for (int i = 0; i < 30; i++)
        {
            if (space.TryAllocate(1 << 20, ulong.MaxValue, out DmaAddress address) == Errno.None)
            {
                naive.Take(address.Value, 1 << 20);
                space.Free(address, 1 << 20);
                naive.Free(address.Value);
            }
            else
            {
                refused++;
            }
        }

        space.FlushCaches();
        return refused;
    }

    private sealed class Refusing(string refused) : IAllocationGate
    {
        public bool TryPass(string site) => site != refused;
    }
}
