// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Cli.Page;

namespace Physr.Cli.Tests.Page;

/// <summary>Times in buckets.</summary>
public sealed class AccessTimesTests
{
    [Fact]
    public void AQuantileIsRightToThreePercent_AndTheLongestExactly()
    {
        AccessTimes times = new();
        for (long ticks = 1; ticks <= 100_000; ticks++)
        {
            times.Note(ticks);
        }

        double tick = 1e6 / Stopwatch.Frequency;
        Assert.InRange(times.Quantile(0.5) / tick, 50_000, 51_600);
        Assert.InRange(times.Quantile(0.99) / tick, 99_000, 100_000);
        Assert.Equal(100_000 * tick, times.MostMicroseconds, 6);
        Assert.Equal(times.MostMicroseconds, times.Quantile(1));
    }

    [Fact]
    public void NoTimesAreZero()
    {
        Assert.Equal((0, 0.0, 0.0), ((int)new AccessTimes().Count, new AccessTimes().Quantile(0.99), new AccessTimes().MostMicroseconds));
    }

    [Fact]
    public void ThreadsAreAddedUp_AndWhatWasBeforeIsTakenAway()
    {
        AccessTimes first = new();
        AccessTimes second = new();
        first.Note(10);
        second.Note(1_000_000);
        AccessTimes both = AccessTimes.Of([first, second]);
        Assert.Equal(2, both.Count);
        first.Note(10);
        AccessTimes since = AccessTimes.Of([first, second]).Since(both);
        Assert.Equal(1, since.Count);
        Assert.InRange(since.Quantile(1), AccessTimes.Microseconds(10), AccessTimes.Microseconds(11));
    }
}
