// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Cli.Live;
using Physr.Live.Victim;
using Xunit.Abstractions;

namespace Physr.Live.Tests;

/// <summary>A process that works on a file store in a mapped file is killed at any moment: what it acknowledged is there, what was under way is there wholly or not at all.</summary>
/// <remarks>PHYSR_KILL_ROUNDS sets how many, PHYSR_KILL_SEED where seeds start. A kill keeps the page cache: what the power would take is <c>CrashStates</c>' to find.</remarks>
[Collection(nameof(KillRounds))]
public sealed class KillTests(ITestOutputHelper output) : IDisposable
{
    private const int Lanes = 2;
    private const int MostBugRounds = 100;

    private static readonly int s_rounds = int.TryParse(Environment.GetEnvironmentVariable("PHYSR_KILL_ROUNDS"), out int rounds) ? rounds : 208;
    private static readonly ulong s_seed = ulong.TryParse(Environment.GetEnvironmentVariable("PHYSR_KILL_SEED"), out ulong seed) ? seed : 1;

    private readonly KillFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AKilledProcess_LosesNothingItAcknowledged_AndTearsNothing()
    {
        RegionLane[] lanes = [.. Enumerable.Range(0, Lanes).Select(i => Lane(s_seed + (ulong)i, VictimBug.None))];
        long started = Stopwatch.GetTimestamp();
        await Task.WhenAll(lanes.Select(lane => Task.Run(() =>
        {
            for (int i = 0; i < s_rounds / Lanes; i++)
            {
                string? why = lane.Round();
                Assert.True(why is null, why);
            }
        })));
        TimeSpan took = Stopwatch.GetElapsedTime(started);
        output.WriteLine($"{s_rounds} rounds in {took.TotalSeconds:f1} s; {lanes.Sum(static lane => lane.Acknowledged)} operations acknowledged; "
            + $"{lanes.Sum(static lane => lane.Completed)} kills after the operation under way was done");

        // Kills that all fell between operations would say little.
        Assert.All(lanes, lane => Assert.InRange(lane.Acknowledged, s_rounds / Lanes, int.MaxValue));
    }

    [Theory]
    [InlineData(nameof(VictimBug.EarlyAcknowledgement))]
    [InlineData(nameof(VictimBug.LateData))]
    public void AVictimThatDoesItWrongIsFound(string bug)
    {
        RegionLane lane = Lane(s_seed + 100, Enum.Parse<VictimBug>(bug));
        string? why = null;
        int rounds = 0;
        while (why is null && rounds < MostBugRounds)
        {
            why = lane.Round();
            rounds++;
        }

        output.WriteLine($"found in round {rounds}: {why}");
        Assert.NotNull(why);
        Assert.Contains("under way: after it: ", why, StringComparison.Ordinal);
    }

    [Fact]
    public void NobodyElseGetsARegionThatAVictimHas_AndItsDeathGivesItBack()
    {
        string path = _folder.File("region");
        Assert.True(Program.Make(path, out string reason) == Errno.None, reason);
        Assert.Equal(Errno.None, MappedRegion.TryOpen(path, 0, RegionAccess.Write, out MappedRegion? region, out reason));
        KilledChild refused = KillRounds.Run(typeof(Workload).Assembly.Location, [path, "1"], new(int.MaxValue, default));
        Assert.Equal(3, refused.ExitCode);
        Assert.Contains("EBUSY", refused.Error, StringComparison.Ordinal);
        Assert.Empty(refused.Lines);
        region!.Dispose();
        KilledChild killed = KillRounds.Run(typeof(Workload).Assembly.Location, [path, "1"], new(5, default));
        Assert.True(killed.WasKilled, killed.Error);
        Assert.InRange(killed.Lines.Count, 5, int.MaxValue);
        Assert.Equal("ready", killed.Lines[0]);
        Assert.Equal(Errno.None, MappedRegion.TryOpen(path, 0, RegionAccess.Write, out region, out reason));
        region!.Dispose();
    }

    private RegionLane Lane(ulong seed, VictimBug bug) => new(_folder.File($"region-{seed}"), seed, bug);
}
