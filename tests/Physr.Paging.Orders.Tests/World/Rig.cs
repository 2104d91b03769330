// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Testing.Interleaving;
using Xunit.Abstractions;

namespace Physr.Paging.Orders.Tests;

/// <summary>Stages runs in one world, and makes all of its checks.</summary>
internal sealed class Rig : IDisposable
{
    private readonly WorldOptions _options;
    private readonly PagingWorld _world;
    private PagingWorld? _sibling;

    private Rig(WorldOptions? options)
    {
        _options = options ?? new();
        _world = new(_options);
    }

    /// <summary>Tries all orders of a scenario with at most so many preemptions, and says how many there are.</summary>
    public static void Every(ITestOutputHelper output, Action<PagingWorld, Scenario> build, WorldOptions? options = null, int preemptions = 2, int most = 60_000)
    {
        using Rig rig = new(options);
        InterleaveReport report = Interleave.Every(rig.Stage(build), new() { Preemptions = preemptions, MaxRuns = most, MaxSteps = 3_000, MaxShorteningRuns = 500 });
        output.WriteLine($"{report.Schedules} schedules with at most {report.Preemptions} preemptions, {report.Runs} runs, {report.Steps / Math.Max(1, report.Runs)} steps each, {report.Elapsed.TotalSeconds:f1} s");
        Assert.True(report.IsExhausted, report.ToString());
    }

    /// <summary>The same with two regions of one pager.</summary>
    public static void EveryOfTwo(ITestOutputHelper output, Action<PagingWorld, PagingWorld, Scenario> build, WorldOptions options, int preemptions = 2) => Every(
        output,
        (world, scenario) =>
        {
            PagingWorld sibling = world.Sibling!;
            build(world, sibling, scenario);
            scenario.Always(sibling.Check);
            scenario.AtEnd(sibling.Finish);
        },
        options,
        preemptions);

    /// <summary>Draws orders of scenarios that are drawn themselves.</summary>
    public static void Randomly(ITestOutputHelper output, Action<PagingWorld, Scenario> build, int runs, int seed, WorldOptions? options = null)
    {
        using Rig rig = new(options);
        InterleaveReport report = Interleave.Randomly(rig.Stage(build), seed, runs, new() { MaxSteps = 100_000, MaxShorteningRuns = 200 });
        output.WriteLine($"{report.Runs} runs from seed {seed} on, {report.Steps / report.Runs} steps each, {report.Elapsed.TotalSeconds:f1} s");
    }

    public void Dispose()
    {
        _sibling?.Dispose();
        _world.Dispose();
    }

    private Action<Scenario> Stage(Action<PagingWorld, Scenario> build) => scenario =>
    {
        _world.Reset(_options);
        if (_options.WholeBudget is not null)
        {
            _sibling ??= new(_options);
            _sibling.Reset(_options, _world);
            _world.Sibling = _sibling;
        }

        build(_world, scenario);
        scenario.Always(_world.Check);
        scenario.AtEnd(_world.Finish);
    };
}
