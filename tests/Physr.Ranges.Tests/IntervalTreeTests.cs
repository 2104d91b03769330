// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges.Tests;

/// <summary>What the kernel's interval tree is tested for, asked of <see cref="RangeMap{TAddress, T}"/>; the oracle is an array that says of every byte which ranges hold it. The kernel's tree takes
/// any overlap; the map refuses overlap or lets ranges nest, so it is asked both ways, and whatever it refuses must be in the way byte by byte.</summary>
public sealed class IntervalTreeTests
{
    private const int Bytes = 3000;

    [Theory]
    [InlineData(RangeOverlap.Refuse)]
    [InlineData(RangeOverlap.Nest)]
    public void interval_tree_basic_check(RangeOverlap overlap)
    {
        for (int seed = 1; seed <= 4; seed++)
        {
            (RangeMap<PhysicalAddress, int> map, List<(int Start, int End)> ranges) = Fill(seed, overlap);
            Random random = new(seed);
            Assert.Equal(ranges.Count, map.Count);
            AssertEveryByte(map, ranges);
            while (ranges.Count != 0)
            {
                int victim = random.Next(ranges.Count);
                Assert.True(map.TryRemove(Range(ranges[victim]), out _));
                Assert.False(map.TryRemove(Range(ranges[victim]), out _));
                ranges.RemoveAt(victim);
                if (ranges.Count % 16 == 0)
                {
                    AssertEveryByte(map, ranges);
                }
            }

            Assert.Equal(0, map.Count);
            Assert.False(map.TryFindNext(new(0), out _, out _));
        }
    }

    [Theory]
    [InlineData(RangeOverlap.Refuse)]
    [InlineData(RangeOverlap.Nest)]
    public void interval_tree_search_check(RangeOverlap overlap)
    {
        for (int seed = 1; seed <= 4; seed++)
        {
            (RangeMap<PhysicalAddress, int> map, List<(int Start, int End)> ranges) = Fill(seed, overlap);
            for (int at = 0; at < Bytes; at++)
            {
                // The innermost range at the byte; failing that, at the first byte above that any range holds.
                int held = at;
                while (held < Bytes && !ranges.Exists(range => range.Start <= held && held < range.End))
                {
                    held++;
                }

                bool found = map.TryFindNext(new((ulong)at), out _, out PhysicalRange next);
                Assert.Equal(held < Bytes, found);
                if (found)
                {
                    Assert.Equal(Innermost(ranges, held), next);
                }
            }
        }
    }

    [Theory]
    [InlineData(RangeOverlap.Refuse)]
    [InlineData(RangeOverlap.Nest)]
    public void interval_tree_intersection_range_check(RangeOverlap overlap)
    {
        for (int seed = 1; seed <= 4; seed++)
        {
            (RangeMap<PhysicalAddress, int> map, List<(int Start, int End)> ranges) = Fill(seed, overlap);
            foreach ((int start, int end) in Queries(seed))
            {
                PhysicalRange[] expected =
                [
                    .. ranges.Where(range => Enumerable.Range(start, end - start).Any(at => range.Start <= at && at < range.End))
                        .OrderBy(static range => range.Start).ThenByDescending(static range => range.End).Select(Range),
                ];
                List<PhysicalRange> found = [];
                foreach (RangeMapEntry<PhysicalAddress, int> entry in map.Ranges(Range((start, end))))
                {
                    found.Add(entry.Range);
                }

                Assert.Equal(expected, found);
            }
        }
    }

    [Theory]
    [InlineData(RangeOverlap.Refuse)]
    [InlineData(RangeOverlap.Nest)]
    public void interval_tree_span_iteration_check(RangeOverlap overlap)
    {
        for (int seed = 1; seed <= 4; seed++)
        {
            (RangeMap<PhysicalAddress, int> map, List<(int Start, int End)> ranges) = Fill(seed, overlap);
            foreach ((int start, int end) in Queries(seed))
            {
                // Holes and what lies between them tile the query: each byte is in exactly one hole, or held.
                int[] holes = new int[Bytes];
                int last = start - 1;
                foreach (PhysicalRange gap in map.Gaps(Range((start, end))))
                {
                    Assert.True((int)gap.Start.Value > last && (int)gap.End.Value <= end, "holes are in order, apart, and inside the query");
                    last = (int)gap.End.Value;
                    for (int at = (int)gap.Start.Value; at < last; at++)
                    {
                        holes[at]++;
                    }
                }

                for (int at = 0; at < Bytes; at++)
                {
                    bool isHole = start <= at && at < end && !ranges.Exists(range => range.Start <= at && at < range.End);
                    Assert.Equal(isHole ? 1 : 0, holes[at]);
                }
            }
        }
    }

    private static PhysicalRange Range((int Start, int End) range) => new(new((ulong)range.Start), (ulong)(range.End - range.Start));

    private static PhysicalRange Innermost(List<(int Start, int End)> ranges, int at) =>
        Range(ranges.Where(range => range.Start <= at && at < range.End).MinBy(static range => range.End - range.Start));

    private static (int Start, int End)[] Queries(int seed)
    {
        Random random = new(100 + seed);
        return
        [
            (0, Bytes),
            (0, 1),
            (Bytes - 1, Bytes),
            .. Enumerable.Range(0, 40).Select(_ => (Start: random.Next(Bytes), Length: 1 + random.Next(random.Next(Bytes)))).Select(static query => (query.Start, Math.Min(Bytes, query.Start + query.Length))),
        ];
    }

    /// <summary>Adds random ranges. What the map refuses must share a byte with a range in a way that it does not allow, and what it takes must not.</summary>
    private static (RangeMap<PhysicalAddress, int> Map, List<(int Start, int End)> Ranges) Fill(int seed, RangeOverlap overlap)
    {
        Random random = new(seed);
        RangeMap<PhysicalAddress, int> map = new(overlap);
        List<(int Start, int End)> ranges = [];
        for (int i = 0; i < 300; i++)
        {
            int start = random.Next(Bytes - 1);
            int end = Math.Min(Bytes, start + 1 + random.Next(i % 5 == 0 ? 200 : 12));
            bool isInTheWay = ranges.Exists(range => range.Start < end && start < range.End && (overlap == RangeOverlap.Refuse || !IsNested(range, (start, end))));
            Assert.Equal(!isInTheWay, map.TryAdd(Range((start, end)), i));
            if (!isInTheWay)
            {
                ranges.Add((start, end));
            }
        }

        return (map, ranges);
    }

    private static bool IsNested((int Start, int End) one, (int Start, int End) other) =>
        one != other && ((one.Start <= other.Start && other.End <= one.End) || (other.Start <= one.Start && one.End <= other.End));

    private static void AssertEveryByte(RangeMap<PhysicalAddress, int> map, List<(int Start, int End)> ranges)
    {
        for (int at = 0; at < Bytes; at++)
        {
            bool isHeld = ranges.Exists(range => range.Start <= at && at < range.End);
            bool found = map.TryFind(new((ulong)at), out _, out PhysicalRange range);
            Assert.Equal(isHeld, found);
            if (found)
            {
                Assert.Equal(Innermost(ranges, at), range);
            }
        }
    }
}
