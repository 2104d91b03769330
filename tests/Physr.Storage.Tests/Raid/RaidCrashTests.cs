// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Storage.Crash;
using Physr.Storage.Raid;

namespace Physr.Storage.Tests.Raid;

/// <summary>The power fails anywhere in random writes: acknowledged bytes and bytes that were not being written stay, with all members and with any one of them gone.</summary>
public class RaidCrashTests
{
    private static readonly CrashOptions s_options = new() { Stride = 900, MostStates = 2, Samples = 1, NestEvery = 400 };

    [Theory]
    [InlineData(RaidLevel.Raid5, 3)]
    [InlineData(RaidLevel.Raid6, 4)]
    [InlineData(RaidLevel.Raid1, 2)]
    [InlineData(RaidLevel.Raid10, 4)]
    public void APowerCutChangesNothingThatWasNotBeingWritten(RaidLevel level, int members)
    {
        using RaidCrash crash = new(level, members, 11);
        crash.Record(10);
        long nested = 0;
        foreach (int without in new[] { -1, 0, members / 2 })
        {
            CrashReport report = crash.Cut(without, without < 0 ? s_options : s_options with { NestEvery = 0 });
            Assert.True(report.Failure is null, $"without {without}: {report}");
            Assert.True(report.States > 100, $"only {report}");
            nested += report.NestedStates;
        }

        Assert.NotEqual(0, nested);
    }

    [Theory]
    [InlineData(RaidLevel.Raid5, 4, -1)]
    [InlineData(RaidLevel.Raid6, 4, 2)]
    public void ADegradedArrayBearsAPowerCutToo(RaidLevel level, int members, int alsoWithout)
    {
        using RaidCrash crash = new(level, members, 12) { FailFirst = 1 };
        crash.Record(10);
        CrashReport report = crash.Cut(alsoWithout, s_options);
        Assert.True(report.Failure is null, $"{report}");
        Assert.True(report.States > 100, $"only {report}");
    }

    [Theory]
    [InlineData(RaidLevel.Raid5, 3, 0)]
    [InlineData(RaidLevel.Raid6, 5, 1)]
    [InlineData(RaidLevel.Raid1, 2, -1)]
    public void WithoutJournalOrBitmapTheSameCutsAreCaught(RaidLevel level, int members, int without)
    {
        using RaidCrash crash = new(level, members, 11) { IsProtected = false };
        crash.Record(12);
        CrashReport report = crash.Cut(without, s_options);
        Assert.True(report.Failure is not null, $"nothing noticed: {report}");
    }
}
