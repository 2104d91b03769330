// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Testing.Interleaving;
using Xunit.Abstractions;

namespace Physr.Hmm.Orders.Tests;

/// <summary>Stages runs in one world, which is made anew only after a run that failed.</summary>
internal sealed class Rig(WorldOptions? options = null) : IDisposable
{
    private World? _world;

    /// <summary>The stage of a scenario: its invariants and its end are every world's.</summary>
    public Action<Scenario> Stage(Action<World, Scenario> build) => scenario =>
    {
        World world = Take();
        world.IsClean = false;
        build(world, scenario);
        scenario.Always(world.CheckOwnership);
        scenario.AtEnd(world.Finish);
    };

    /// <summary>Tries all orders of a scenario with at most so many preemptions, and says how many there are.</summary>
    public static void Every(ITestOutputHelper output, Action<World, Scenario> build, int preemptions = 2, WorldOptions? options = null, int most = 60_000)
    {
        using Rig rig = new(options);
        InterleaveReport report = Interleave.Every(rig.Stage(build), new() { Preemptions = preemptions, MaxRuns = most, MaxShorteningRuns = 300 });
        output.WriteLine($"{report.Schedules} schedules with at most {report.Preemptions} preemptions, {report.Runs} runs, {report.Steps / Math.Max(1, report.Runs)} steps each, {report.Elapsed.TotalSeconds:f1} s");
        Assert.True(report.IsExhausted, report.ToString());
    }

    /// <summary>Draws orders of a scenario whose orders are too many.</summary>
    public static void Randomly(ITestOutputHelper output, Action<World, Scenario> build, int runs, int seed = 1, WorldOptions? options = null, RandomStyle style = RandomStyle.Mixed)
    {
        using Rig rig = new(options);
        InterleaveReport report = Interleave.Randomly(rig.Stage(build), seed, runs, new() { Style = style, MaxSteps = 1_000_000, MaxShorteningRuns = 20 });
        output.WriteLine($"{report.Runs} runs from seed {seed} on, {report.Steps / report.Runs} steps each, {report.Elapsed.TotalSeconds:f1} s");
    }

    public void Dispose() => _world?.Dispose();

    private World Take()
    {
        if (_world is not { IsClean: true })
        {
            _world?.Dispose();
            _world = new(options ?? new());
        }

        return _world;
    }
}
