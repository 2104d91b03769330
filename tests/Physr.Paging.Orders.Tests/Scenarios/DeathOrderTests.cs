// Copyright (c) The Physr authors. Licensed under the MIT license.

using Xunit.Abstractions;

namespace Physr.Paging.Orders.Tests;

/// <summary>A pager that is killed at any place, and another that takes over: nothing is lost, and everybody goes on.</summary>
public sealed class DeathOrderTests(ITestOutputHelper output)
{
    [Fact]
    public void ADeath_WhileAPageIsFilled_LosesNothing() => Rig.Every(output, static (world, scenario) =>
    {
        world.Client(scenario, "storer", static client => client.Store(0));
        world.Client(scenario, "loader", static client => client.Load(0));
        world.Client(scenario, "killer", static client => client.KillPager());
    });

    [Fact]
    public void ADeath_WhileAPageIsEvicted_LosesNothing() => Rig.Every(output, static (world, scenario) =>
    {
        world.NewClient().Store(0);
        world.Client(scenario, "storer", static client => client.Store(0));
        world.Client(scenario, "evictor", static client => client.Evict(1));
        world.Client(scenario, "killer", static client => client.KillPager());
    });

    [Fact]
    public void ADeath_WhileACleanPageIsMadeWritable_LosesNothing() => Rig.Every(output, static (world, scenario) =>
    {
        world.NewClient().Load(0);
        world.Client(scenario, "storer", static client => client.Store(0));
        world.Client(scenario, "evictor", static client =>
        {
            client.Evict(1);
            client.Evict(1);
        });
        world.Client(scenario, "killer", static client => client.KillPager());
    });

    [Fact]
    public void ADeath_WhilePagesAreWrittenBack_LosesNothing() => Rig.Every(output, static (world, scenario) =>
    {
        Client before = world.NewClient();
        before.Store(0);
        before.Store(1);
        world.Client(scenario, "storer", static client => client.Store(0));
        world.Client(scenario, "persister", static client => client.Persist());
        world.Client(scenario, "killer", static client => client.KillPager());
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ADeath_WhileALeaseIsServed_ServesItAllTheSame(bool isWrite) => Rig.Every(output, (world, scenario) =>
    {
        world.NewClient().Load(0);
        world.Client(scenario, "holder", client => client.HoldAndTouch(0, 1, isWrite));
        world.Client(scenario, "evictor", static client => client.Evict(1));
        world.Client(scenario, "killer", static client => client.KillPager());
    });

    [Fact]
    public void ADeath_WhileALeaseOfARunIsServed_ServesItAllTheSame() => Rig.Every(output, static (world, scenario) =>
    {
        world.Client(scenario, "holder", static client => client.HoldAndTouch(0, 2, isWrite: true));
        world.Client(scenario, "reader", static client => client.HoldAndTouch(1, 1, isWrite: false));
        world.Client(scenario, "killer", static client => client.KillPager());
    });

    [Fact]
    public void ADeath_WhileALeaseLasts_TakesNothingFromIt() => Rig.Every(output, static (world, scenario) =>
    {
        world.Client(scenario, "holder", static client =>
        {
            client.HoldAndTouch(0, 1, isWrite: true);
            client.HoldAndTouch(0, 1, isWrite: true);
        });
        world.Client(scenario, "persister", static client => client.Persist());
        world.Client(scenario, "killer", static client => client.KillPager());
    });

    [Fact]
    public void ADeath_WhileAPageIsPoisoned_GivesNoOldBytes() => Rig.Every(output, static (world, scenario) =>
    {
        Client before = world.NewClient();
        before.Store(0);
        before.Evict(1);
        world.MayPoison = true;
        world.Medium.FailingReads[0] = 1;
        world.Client(scenario, "loader", static client => client.Load(0));
        world.Client(scenario, "holder", static client => client.HoldAndTouch(0, 1, isWrite: false));
        world.Client(scenario, "killer", static client => client.KillPager());
    });

    [Fact]
    public void TwoDeaths_OneWhileTheOtherIsRecoveredFrom_LoseNothing() => Rig.Every(
        output,
        static (world, scenario) =>
        {
            world.NewClient().Store(0);
            world.Client(scenario, "storer", static client => client.Store(0));
            world.Client(scenario, "evictor", static client => client.Evict(1));
            world.Client(scenario, "killer", static client => client.KillPager());
            world.Client(scenario, "other", static client => client.KillPager());
        },
        preemptions: 1);

    [Fact]
    public void TwoDeaths_WhileALeaseIsServed_ServeItAllTheSame() => Rig.Every(
        output,
        static (world, scenario) =>
        {
            world.Client(scenario, "holder", static client => client.HoldAndTouch(0, 1, isWrite: true));
            world.Client(scenario, "killer", static client => client.KillPager());
            world.Client(scenario, "other", static client => client.KillPager());
        });

    [Fact]
    public void ADeath_WhileRoomIsMade_LosesNothing() => Rig.Every(
        output,
        static (world, scenario) =>
        {
            world.NewClient().Store(0);
            world.Client(scenario, "first", static client => client.Store(1));
            world.Client(scenario, "second", static client => client.Load(0));
            world.Client(scenario, "killer", static client => client.KillPager());
        },
        new() { Budget = 1 });
}
