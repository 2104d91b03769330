// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;

namespace Physr.Machine.Tests.Simulation;

public sealed class EventQueueTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void EventsComeByMomentThenTieThenOrder_AsASortedListGivesThem(int seed)
    {
        Random random = new(seed);
        EventQueue queue = new();
        List<(ulong Time, ulong Tie, ulong Order)> oracle = [];
        Sink sink = new();
        for (ulong order = 0; order < 5000 || oracle.Count != 0; order++)
        {
            // Mostly fuller, then mostly emptier, past the first capacity; few distinct keys, so that all three parts decide.
            bool adds = order < 5000 && random.Next(8) < (order % 2000 < 1000 ? 6 : 2);
            if (adds)
            {
                ulong time = (ulong)random.Next(50);
                ulong tie = (ulong)random.Next(3);
                queue.Enqueue(time, tie, new(sink, (int)time, order));
                oracle.Add((time, tie, order));
            }
            else
            {
                bool has = queue.TryDequeue(out EventQueue.Event what, out ulong time);
                Assert.Equal(oracle.Count != 0, has);
                if (has)
                {
                    (ulong Time, ulong Tie, ulong Order) least = oracle.Min();
                    oracle.Remove(least);
                    Assert.True((least.Time, (int)least.Time, least.Order) == (time, what.Kind, what.Argument), $"seed {seed}, step {order}");
                }
            }

            Assert.Equal(oracle.Count, queue.Count);
        }
    }

    [Theory]
    [InlineData(0UL, 1UL)]
    [InlineData(1UL, 3UL)]
    [InlineData((1UL << 24) - 1, (1UL << 60) - 1)]
    [InlineData((1UL << 24) - 1, 7_876_923_076UL)]
    [InlineData(1UL << 24, 7_876_923_076UL)]
    [InlineData(1UL << 25, 7_876_923_076UL)]
    [InlineData((1UL << 24) - 1, 1UL << 60)]
    [InlineData((1UL << 24) - 1, 1UL)]
    [InlineData(1UL << 40, 38_000_000_000UL)]
    public void TimeForBytesIsRoundedUp_WhereverTheShortDivisionEnds(ulong bytes, ulong rate)
    {
        UInt128 exact = ((UInt128)bytes * 1_000_000_000_000) / rate;
        bool isWhole = exact * rate == (UInt128)bytes * 1_000_000_000_000;
        Assert.Equal((ulong)exact + (isWhole ? 0UL : 1UL), SimTime.ForBytes(bytes, rate).Picoseconds);
    }

    private sealed class Sink : ISimulated
    {
        public void OnEvent(int kind, ulong argument)
        {
        }
    }
}
