// Copyright (c) The Physr authors. Licensed under the MIT license.

using Xunit.Abstractions;

namespace Physr.Paging.Orders.Tests;

/// <summary>Threads that fault, against each other and against what takes their pages away.</summary>
public sealed class FaultOrderTests(ITestOutputHelper output)
{
    [Fact]
    public void LoadsAndAStore_OfOnePage_AllHaveIt() => Rig.Every(output, static (world, scenario) =>
    {
        world.Client(scenario, "loader", static client => client.Load(0));
        world.Client(scenario, "storer", static client => client.Store(0));
        world.Client(scenario, "late", static client => client.Load(0));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void StoresToTwoPages_OfWhichOneMayBeThere_AreBothKept(bool isMapped) => Rig.Every(
        output,
        static (world, scenario) =>
        {
            world.Client(scenario, "first", static client => client.Store(0));
            world.Client(scenario, "second", static client =>
            {
                client.Store(1);
                client.Load(0);
            });
        },
        new() { Budget = 1, IsMapped = isMapped });

    [Fact]
    public void AStore_AgainstTheEvictionOfItsDirtyPage_IsNeverLost() => Rig.Every(output, static (world, scenario) =>
    {
        world.NewClient().Store(0);
        world.Client(scenario, "storer", static client => client.Store(0));
        world.Client(scenario, "evictor", static client =>
        {
            client.Evict(1);
            client.Evict(1);
        });
    });

    [Fact]
    public void AStoreAndALoad_AgainstTheEvictionOfTheirCleanPage_FindTheBytes() => Rig.Every(output, static (world, scenario) =>
    {
        world.NewClient().Load(0);
        world.Client(scenario, "storer", static client => client.Store(0));
        world.Client(scenario, "loader", static client => client.Load(0));
        world.Client(scenario, "evictor", static client => client.EvictRange(0, 1));
    });

    [Fact]
    public void StoresToARunOfPages_AgainstTwoWhoEvictIt_AreKept() => Rig.Every(output, static (world, scenario) =>
    {
        Client before = world.NewClient();
        before.Store(0);
        before.Store(1);
        world.Client(scenario, "storer", static client => client.Store(1));
        world.Client(scenario, "evictor", static client => client.Evict(2));
        world.Client(scenario, "other", static client => client.EvictRange(0, 2));
    });

    [Fact]
    public void PagesBroughtAhead_AgainstAStoreAndAnEviction_AreNeverOlder() => Rig.Every(
        output,
        static (world, scenario) =>
        {
            world.NewClient().Store(1);
            world.Client(scenario, "mover", static client => client.BringAhead(0, 2));
            world.Client(scenario, "storer", static client => client.Store(0));
            world.Client(scenario, "evictor", static client => client.Evict(2));
        },
        new() { Budget = 2 });

    [Fact]
    public void APageThatTheApplicationUnmapped_AgainstAnEvictionAndALease_ComesAgain() => Rig.Every(output, static (world, scenario) =>
    {
        world.NewClient().Store(0);
        world.Client(scenario, "storer", static client =>
        {
            client.Unmap(0);
            client.Store(0);
        });
        world.Client(scenario, "holder", static client => client.HoldAndTouch(0, 1, isWrite: true));
        world.Client(scenario, "evictor", static client => client.Evict(1));
    });

    [Fact]
    public void ABudgetThatShrinks_AgainstStores_TakesPagesOutAndLosesNone() => Rig.Every(
        output,
        static (world, scenario) =>
        {
            world.NewClient().Store(0);
            world.Client(scenario, "storer", static client =>
            {
                client.Store(1);
                client.Store(0);
            });
            world.Client(scenario, "owner", static client => client.SetBudget(1));
        });
}
