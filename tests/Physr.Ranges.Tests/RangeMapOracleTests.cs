// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Ranges.Tests.Infrastructure;

namespace Physr.Ranges.Tests;

/// <summary>The map does what the slow oracle does, over seeded random histories; a failure prints the seed and the step.</summary>
public class RangeMapOracleTests
{
    /// <summary>Crowded: nearly every addition meets a neighbour, a parent or a conflict. Wide: thousands of ranges, so that leaves and chunks split and merge.</summary>
    [Theory]
    [InlineData(RangeOverlap.Refuse, 64, 4_000, 1)]
    [InlineData(RangeOverlap.Refuse, 1_000, 6_000, 2)]
    [InlineData(RangeOverlap.Refuse, 5_000, 6_000, 3)]
    [InlineData(RangeOverlap.Nest, 64, 4_000, 4)]
    [InlineData(RangeOverlap.Nest, 1_000, 4_000, 5)]
    [InlineData(RangeOverlap.Nest, 5_000, 4_000, 6)]
    public void EveryStepOfARandomHistory_AnswersAsTheOracleDoes(RangeOverlap overlap, int space, int steps, int seed)
    {
        Random random = new(seed);
        RangeMap<PhysicalAddress, int> map = new(overlap);
        RangeMapOracle oracle = new(overlap);
        for (int step = 0; step < steps; step++)
        {
            string where = $"seed {seed}, step {step}";

            // Waves, so that the map also empties: adding wins, then removing does.
            bool adding = random.Next(10) < (step / 500 % 2 == 0 ? 8 : 3);
            if (adding || oracle.Ranges.Count == 0)
            {
                ulong start = (ulong)random.Next(space);
                ulong end = start + (ulong)random.Next(0, overlap == RangeOverlap.Nest && random.Next(4) == 0 ? space / 4 : 6);
                bool added = map.TryAdd(Range(start, end), step, out Errno errno, out PhysicalRange conflict);
                Assert.True(added == oracle.TryAdd(start, end, step), where);
                Assert.Equal(added ? Errno.None : start == end ? Errno.EINVAL : Errno.EEXIST, errno);
                if (errno == Errno.EEXIST)
                {
                    Assert.True(oracle.IsInTheWay(conflict.Start.Value, conflict.End.Value, start, end), where);
                    Assert.Contains(oracle.Ranges, range => Range(range.Start, range.End) == conflict);
                }
            }
            else
            {
                (ulong start, ulong end, _) = oracle.Ranges[random.Next(oracle.Ranges.Count)];
                end += random.Next(8) == 0 ? 1UL : 0;
                bool removed = map.TryRemove(Range(start, end), out int value);
                Assert.True(removed == oracle.TryRemove(start, end, out int expected), where);
                Assert.Equal(expected, value);
            }

            Assert.Equal(oracle.Ranges.Count, map.Count);
            AssertSameAround(map, oracle, (ulong)random.Next(space), where);
            if (step % 250 == 249)
            {
                AssertSameEverywhere(map, oracle, (ulong)space + 1_300, random, where);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(7_919)]
    public void TenThousandRanges_AddedUpwardsDownwardsOrScattered_AreAllFoundAndAllRemoved(int stride)
    {
        const int Count = 10_000;
        RangeMap<PhysicalAddress, string> map = new();
        for (int i = 0; i < Count; i++)
        {
            ulong at = (ulong)((((long)i * stride % Count) + Count) % Count);
            map.Add(Range(at * 10, (at * 10) + 7), $"{at}");
        }

        for (ulong at = 0; at < Count; at++)
        {
            Assert.True(map.TryFind(new((at * 10) + 6), out string? value, out PhysicalRange range));
            Assert.Equal($"{at}", value);
            Assert.Equal(Range(at * 10, (at * 10) + 7), range);
            Assert.False(map.TryFind(new((at * 10) + 7), out _, out _));
        }

        for (int i = 0; i < Count; i++)
        {
            ulong at = (ulong)((((long)i * stride % Count) + Count) % Count);
            Assert.True(map.TryRemove(Range(at * 10, (at * 10) + 7), out string? value));
            Assert.Equal($"{at}", value);
            Assert.False(map.TryFind(new(at * 10), out _, out _));
        }

        Assert.Equal(0, map.Count);
        Assert.False(map.TryFindNext(new(0), out _, out _));
        map.Add(Range(5, 50_000), "whole");
        Assert.True(map.TryFind(new(49_999), out _, out _));
    }

    private static void AssertSameAround(RangeMap<PhysicalAddress, int> map, RangeMapOracle oracle, ulong address, string where)
    {
        bool found = map.TryFind(new(address), out int value, out PhysicalRange range);
        (ulong Start, ulong End, int Value)? expected = oracle.Find(address);
        Assert.True(found == expected.HasValue && (!found || (Range(expected!.Value.Start, expected.Value.End) == range && expected.Value.Value == value)), $"find 0x{address:x}, {where}");
        if (!found)
        {
            Assert.Equal(default, range);
        }

        found = map.TryFindNext(new(address), out value, out range);
        expected = oracle.FindNext(address);
        Assert.True(found == expected.HasValue && (!found || (Range(expected!.Value.Start, expected.Value.End) == range && expected.Value.Value == value)), $"next 0x{address:x}, {where}");
    }

    private static void AssertSameEverywhere(RangeMap<PhysicalAddress, int> map, RangeMapOracle oracle, ulong space, Random random, string where)
    {
        for (ulong address = 0; address < Math.Min(space, 1_500); address++)
        {
            AssertSameAround(map, oracle, address, where);
        }

        AssertSameSequence(map, oracle, 0, space, where);
        for (int i = 0; i < 20; i++)
        {
            ulong start = (ulong)random.NextInt64((long)space);
            AssertSameSequence(map, oracle, start, start + (ulong)random.Next(0, 80), where);
        }
    }

    private static void AssertSameSequence(RangeMap<PhysicalAddress, int> map, RangeMapOracle oracle, ulong start, ulong end, string where)
    {
        List<(ulong, ulong, int)> ranges = [];
        foreach (RangeMapEntry<PhysicalAddress, int> entry in map.Ranges(Range(start, end)))
        {
            ranges.Add((entry.Range.Start.Value, entry.Range.End.Value, entry.Value));
        }

        List<(ulong, ulong)> gaps = [];
        foreach (PhysicalRange gap in map.Gaps(Range(start, end)))
        {
            gaps.Add((gap.Start.Value, gap.End.Value));
        }

        Assert.True(oracle.Overlapping(start, end).SequenceEqual(ranges), $"ranges of 0x{start:x}-0x{end:x}, {where}");
        Assert.True(oracle.Gaps(start, end).SequenceEqual(gaps), $"gaps of 0x{start:x}-0x{end:x}, {where}");
    }

    private static PhysicalRange Range(ulong start, ulong end) => PhysicalRange.FromBounds(new(start), new(end));
}
