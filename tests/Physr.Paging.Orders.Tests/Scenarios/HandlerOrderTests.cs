// Copyright (c) The Physr authors. Licensed under the MIT license.

using Xunit.Abstractions;

namespace Physr.Paging.Orders.Tests;

/// <summary>Handlers, a mover and a slow store on threads of their own, one thing after the other on each. So many threads have more orders than can be tried: they are drawn.</summary>
public sealed class HandlerOrderTests(ITestOutputHelper output)
{
    private const int Runs = 600;
    private const int Seed = 20251128;

    private static readonly WorldOptions s_slow = new() { Budget = 1, IsSlow = true, HasHandlers = true, HasMover = true };

    [Fact]
    public void TwoHandlers_OfOneFaultAndOneLease_ServeBoth() => Rig.Every(
        output,
        static (world, scenario) =>
        {
            world.Handler(scenario, "handler");
            world.Handler(scenario, "other");
            world.Client(scenario, "storer", static client => client.Store(0));
            world.Client(scenario, "holder", static client => client.HoldAndTouch(0, 1, isWrite: false));
        },
        new() { HasHandlers = true },
        preemptions: 0);

    [Fact]
    public void AReadThatWaitsForRoom_AgainstAPersist_WaitsForNobodyWhoWaitsForIt() => Rig.Randomly(
        output,
        static (world, scenario) =>
        {
            world.Handler(scenario, "handler");
            world.Mover(scenario, "mover");
            world.Disk(scenario, "disk");
            world.Client(scenario, "storer", static client =>
            {
                client.Store(0);
                client.Store(1);
            });
            world.Client(scenario, "persister", static client => client.Persist());
        },
        Runs,
        Seed,
        s_slow);

    [Fact]
    public void ASlowStore_AgainstALeaseAndAnEviction_GivesThePage() => Rig.Randomly(
        output,
        static (world, scenario) =>
        {
            world.Handler(scenario, "handler");
            world.Mover(scenario, "mover");
            world.Disk(scenario, "disk");
            world.Client(scenario, "holder", static client => client.HoldAndTouch(0, 2, isWrite: true));
            world.Client(scenario, "loader", static client => client.Load(1));
            world.Client(scenario, "evictor", static client => client.Evict(2));
        },
        Runs,
        Seed,
        s_slow);

    [Fact]
    public void ASlowStore_AgainstADeath_LosesNothing() => Rig.Randomly(
        output,
        static (world, scenario) =>
        {
            world.Handler(scenario, "handler");
            world.Mover(scenario, "mover");
            world.Disk(scenario, "disk");
            world.Client(scenario, "storer", static client =>
            {
                client.Store(0);
                client.Store(1);
            });
            world.Client(scenario, "killer", static client => client.KillPager());
        },
        Runs,
        Seed,
        s_slow);
}
