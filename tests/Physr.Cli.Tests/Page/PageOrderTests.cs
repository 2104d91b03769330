// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Cli.Page;
using Physr.Machine.Simulation;

namespace Physr.Cli.Tests.Page;

/// <summary>Orders of pages.</summary>
public sealed class PageOrderTests
{
    [Fact]
    public void SequentialGoesRound()
    {
        PageOrder order = new(PagePattern.Sequential, 3, new(1));
        Assert.Equal([0, 1, 2, 0, 1, 2, 0], Enumerable.Range(0, 7).Select(_ => order.Next()));
    }

    [Theory]
    [InlineData((int)PagePattern.Random, 1)]
    [InlineData((int)PagePattern.Random, 100)]
    [InlineData((int)PagePattern.Zipf, 1)]
    [InlineData((int)PagePattern.Zipf, 2)]
    [InlineData((int)PagePattern.Zipf, 100)]
    public void EveryPageIsReached_AndNoOther(int pattern, int count)
    {
        PageOrder order = new((PagePattern)pattern, count, new(1));
        Assert.Equal(Enumerable.Range(0, count), Enumerable.Range(0, 20_000).Select(_ => order.Next()).Distinct().Order());
    }

    [Fact]
    public void RanksAreAsFrequentAsZipfsLawSays()
    {
        const int Count = 1000;
        const int Draws = 200_000;
        ZipfRanks ranks = new(Count);
        SeededRandom random = new(1);
        int[] counts = new int[Count];
        for (int draw = 0; draw < Draws; draw++)
        {
            counts[ranks.Next(random)]++;
        }

        double sum = Enumerable.Range(1, Count).Sum(static rank => Math.Pow(rank, -ZipfRanks.Exponent));
        foreach (int rank in (int[])[1, 2, 3, 10, 100])
        {
            double expected = Draws * Math.Pow(rank, -ZipfRanks.Exponent) / sum;
            Assert.InRange(counts[rank - 1], expected - (6 * Math.Sqrt(expected)), expected + (6 * Math.Sqrt(expected)));
        }
    }

    [Fact]
    public void OneSeedIsOneOrder()
    {
        PageOrder first = new(PagePattern.Zipf, 1 << 20, new(5));
        PageOrder second = new(PagePattern.Zipf, 1 << 20, new(5));
        Assert.All(Enumerable.Range(0, 100), _ => Assert.Equal(first.Next(), second.Next()));
    }
}
