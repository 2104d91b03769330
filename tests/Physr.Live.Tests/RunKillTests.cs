// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using System.Text.Json;
using Physr.Cli;
using Physr.Machine.Simulation;
using Xunit.Abstractions;

namespace Physr.Live.Tests;

/// <summary><c>physr run</c> of a file on an array of mapped files is killed at any moment: the next run finds every file of the runs before, whole.</summary>
[Collection(nameof(KillRounds))]
public sealed class RunKillTests(ITestOutputHelper output) : IDisposable
{
    private const int Cards = 3;
    private const int CardBytes = 8 << 20;
    private const int Kills = 6;
    private const int MostRuns = 14;
    private const ulong Seed = 11;

    private readonly KillFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AKilledRunLeavesAnArrayThatTheNextRunFindsConsistent()
    {
        string[] arguments = ["run", Path.Combine(AppContext.BaseDirectory, "killed.yaml"), "--output", "json", "--quiet", .. Enumerable.Range(0, Cards).SelectMany(Card)];
        long started = Stopwatch.GetTimestamp();
        Assert.Equal("nothing", Found(Run(arguments, null)));
        TimeSpan whole = Stopwatch.GetElapsedTime(started);
        SeededRandom random = new(Seed);
        int killed = 0;
        int runs = 0;
        for (; runs < MostRuns && killed < Kills; runs++)
        {
            KilledChild child = Run(arguments, whole * (0.3 + (0.7 * random.Below(1000) / 1000)));
            killed += child.WasKilled ? 1 : 0;
            Assert.True(child.WasKilled || Found(child) == "consistent", $"seed {Seed}, run {runs}: {child.ExitCode}: {child.Error}{string.Join('\n', child.Lines)}");

            // Others use this machine too: the next run may be faster than the first was.
            whole = child.WasKilled ? whole : whole * 0.7;
        }

        output.WriteLine($"{killed} of {runs} runs were killed; one takes {whole.TotalSeconds:f2} s");
        Assert.Equal("consistent", Found(Run(arguments, null)));
        Assert.NotEqual(0, killed);
    }

    private static KilledChild Run(string[] arguments, TimeSpan? killAfter) =>
        KillRounds.Run(typeof(PhysrCli).Assembly.Location, arguments, killAfter is { } delay ? new(0, delay) : new(int.MaxValue, default));

    private static string? Found(KilledChild child)
    {
        Assert.True(child.ExitCode == 0, $"seed {Seed}: {child.ExitCode}: {child.Error}{string.Join('\n', child.Lines)}");
        using JsonDocument report = JsonDocument.Parse(string.Join('\n', child.Lines));
        return report.RootElement.GetProperty("routes")[0].GetProperty("found").GetProperty("state").GetString();
    }

    private string[] Card(int index)
    {
        string path = _folder.File($"pmem{index}");
        using (FileStream card = File.Create(path))
        {
            card.SetLength(CardBytes);
        }

        return ["--file", $"pmem{index}={path}"];
    }
}
