// Copyright (c) The Physr authors. Licensed under the MIT license.

using FsCheck;
using FsCheck.Fluent;
using Physr.Ranges.Tests.Infrastructure;

namespace Physr.Ranges.Tests;

/// <summary>The streaming reading (row R62) against every possible way to cut, tried out.</summary>
public class SegmentReadingTests
{
    /// <summary>A list and the limits of a device, in units of the list; the boundary window is never smaller than the alignment.</summary>
    private static readonly Arbitrary<(NaiveList Naive, SegmentLimits Limits)> AnyWithLimits =
        (from naive in NaiveList.AnyDma.Generator
         from alignment in Gen.Elements(0UL, 1UL, 2UL, 4UL)
         from max in Gen.Elements(0UL, 4UL, 5UL, 7UL, 16UL)
         from window in Gen.Elements(0UL, 4UL, 8UL, 32UL)
         select (naive, new SegmentLimits
         {
             MaxSegmentSize = max * naive.Unit,
             BoundaryMask = window == 0 ? 0 : (window * naive.Unit) - 1,
             MinAlignment = alignment * naive.Unit,
         })).ToArbitrary();

    [Fact]
    public void R62a_Segments_KeepTheLimits_SayTheSameBytes_AndAreTheFewestPossible() =>
        Law.Holds(AnyWithLimits, pair =>
        {
            (NaiveList naive, SegmentLimits limits) = pair;
            List<(ulong Address, ulong Length, uint Tag)> segments = [];
            foreach (DmaEntry entry in naive.ToDmaRangeList().Segments(limits))
            {
                segments.Add((entry.Range.Start.Value, entry.Range.Length, entry.IsBusAddress ? 1u : 0u));
            }

            AssertSaysTheSame(naive, segments);
            Assert.All(segments, segment => Assert.True(Keeps(limits, segment.Address, segment.Length)));
            Assert.Equal(FewestSegments(naive.Coalesced, naive.Unit, limits), segments.Count);
            Assert.Equal(segments.Count, naive.ToDmaRangeList().CountSegments(limits));
        });

    [Fact]
    public void R62b_AnIdentityViewIgnoresProviders_SoItsSegmentsAreNeverMoreThanTheCpuLists() =>
        Law.Holds(AnyWithLimits, pair =>
        {
            (NaiveList naive, SegmentLimits limits) = pair;
            RangeList list = naive.ToRangeList();
            List<(ulong Address, ulong Length, uint Tag)> cpu = [];
            foreach (ProvidedRange entry in list.Segments(limits))
            {
                cpu.Add((entry.Range.Start.Value, entry.Range.Length, entry.Provider.Value));
            }

            AssertSaysTheSame(naive, cpu);
            Assert.Equal(FewestSegments(naive.Coalesced, naive.Unit, limits), cpu.Count);
            int dma = DmaRangeList.Identity(list).CountSegments(limits);
            Assert.Equal(FewestSegments(NaiveList.Coalesce(naive.Units, naive.Unit, ignoreTag: true), naive.Unit, limits), dma);

            // With an alignment it may be more: a seam between providers is a cut that need not be aligned.
            Assert.True(dma <= cpu.Count || limits.MinAlignment > 1);
        });

    [Fact]
    public void R62a_PartsOfAList_AreReadAsTheUnitsOfThePart() =>
        Law.Holds(AnyWithLimits, pair =>
        {
            (NaiveList naive, SegmentLimits limits) = pair;
            DmaRangeList list = naive.ToDmaRangeList();
            int from = naive.Units.Count / 3;
            int count = naive.Units.Count / 2;
            int segments = 0;
            foreach (DmaEntry entry in list.Segments((ulong)from * naive.Unit, (ulong)count * naive.Unit, limits))
            {
                Assert.True(Keeps(limits, entry.Range.Start.Value, entry.Range.Length));
                segments++;
            }

            Assert.Equal(FewestSegments(NaiveList.Coalesce(naive.Units.GetRange(from, count), naive.Unit, ignoreTag: false), naive.Unit, limits), segments);
        });

    [Fact]
    public void R62c_LimitsAreStoredNowhere_OneListServesEveryDevice_AndReadingAllocatesNothing()
    {
        using RangeListBuilder builder = RangeListBuilder.Rent();
        for (ulong i = 0; i < 300; i++)
        {
            builder.Append(new PhysicalRange(new(i * 0x10000), 0x8000), new((uint)i % 3));
        }

        RangeList list = builder.Build();
        DmaRangeList dma = DmaRangeList.Identity(list);
        SegmentLimits small = new() { MaxSegmentSize = 0x1000 };
        long allocated = long.MaxValue;
        for (int round = 0; round < 6; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            int whole = dma.CountSegments(SegmentLimits.None);
            int cut = dma.CountSegments(small);
            ulong sum = 0;
            foreach (ProvidedRange entry in list)
            {
                sum += entry.Range.Length;
            }

            foreach (DmaAddress block in dma.Blocks(0x1000))
            {
                sum += block.Value;
            }

            foreach (ProvidedRange entry in list.View(5, 0x100000).Segments(small))
            {
                sum += entry.Range.Length;
            }

            sum += list.Seek(0x99999).Range.Length;
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.Equal((300, 2400), (whole, cut));
            Assert.NotEqual(0UL, sum);
        }

        Assert.Equal(0, allocated);
    }

    [Fact]
    public void R62a_LimitsThatNoRunCanKeep_AreRefused()
    {
        RangeList list = RangeList.Of(new(new(0x1000), 0x1000));
        Assert.Throws<ArgumentException>(() => list.Segments(new() { MinAlignment = 3 }).GetEnumerator());
        Assert.Throws<ArgumentException>(() => list.Segments(new() { MinAlignment = 0x1000, MaxSegmentSize = 0x800 }).GetEnumerator());
        Assert.Throws<ArgumentException>(() => list.Segments(new() { BoundaryMask = 0x1000 }).GetEnumerator());
    }

    private static void AssertSaysTheSame(NaiveList naive, List<(ulong Address, ulong Length, uint Tag)> segments)
    {
        List<(ulong, uint)> units = [];
        foreach ((ulong address, ulong length, uint tag) in segments)
        {
            for (ulong done = 0; done < length; done += naive.Unit)
            {
                units.Add((address + done, tag));
            }
        }

        Assert.Equal(naive.Units, units);
    }

    private static bool Keeps(SegmentLimits limits, ulong address, ulong length) =>
        (limits.MaxSegmentSize == 0 || length <= limits.MaxSegmentSize)
        && (limits.BoundaryMask == 0 || (address & ~limits.BoundaryMask) == ((address + (length - 1)) & ~limits.BoundaryMask));

    /// <summary>Tries every cut of every run: the fewest segments that keep the limits, with every cut on the alignment.</summary>
    private static int FewestSegments(List<(ulong Address, ulong Length, uint Tag)> runs, ulong unit, SegmentLimits limits)
    {
        int total = 0;
        foreach ((ulong address, ulong length, _) in runs)
        {
            int units = (int)(length / unit);
            int[] fewest = new int[units + 1];
            for (int end = 1; end <= units; end++)
            {
                fewest[end] = int.MaxValue / 2;
                ulong cut = address + ((ulong)end * unit);
                bool mayEnd = end == units || limits.MinAlignment <= 1 || cut % limits.MinAlignment == 0;
                for (int start = 0; start < end && mayEnd; start++)
                {
                    if (Keeps(limits, address + ((ulong)start * unit), (ulong)(end - start) * unit))
                    {
                        fewest[end] = Math.Min(fewest[end], fewest[start] + 1);
                    }
                }
            }

            total += fewest[units];
        }

        return total;
    }
}
