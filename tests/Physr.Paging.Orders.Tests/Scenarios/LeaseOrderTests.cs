// Copyright (c) The Physr authors. Licensed under the MIT license.

using Xunit.Abstractions;

namespace Physr.Paging.Orders.Tests;

/// <summary>Leases: their pages come, stay, and stay writable; whoever sleeps for one is woken.</summary>
public sealed class LeaseOrderTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ALease_AgainstTheEvictionOfItsPage_HasItAndKeepsIt(bool isWrite) => Rig.Every(output, (world, scenario) =>
    {
        world.NewClient().Store(0);
        world.Client(scenario, "holder", client => client.HoldAndTouch(0, 1, isWrite));
        world.Client(scenario, "evictor", static client =>
        {
            client.Evict(1);
            client.Evict(1);
        });
    });

    [Fact]
    public void TwoLeases_OneToReadAndOneToWrite_AreBothServed() => Rig.Every(output, static (world, scenario) =>
    {
        world.Client(scenario, "reader", static client => client.HoldAndTouch(0, 1, isWrite: false));
        world.Client(scenario, "writer", static client => client.HoldAndTouch(0, 1, isWrite: true));
    });

    [Fact]
    public void AWriteLease_AgainstALoadThatBringsItsPage_MayWrite() => Rig.Every(output, static (world, scenario) =>
    {
        world.Client(scenario, "loader", static client => client.Load(0));
        world.Client(scenario, "writer", static client => client.HoldAndTouch(0, 1, isWrite: true));
        world.Client(scenario, "evictor", static client => client.Evict(1));
    });

    [Fact]
    public void ALeaseOfARun_AgainstAStoreAndAnEviction_HasAllOfIt() => Rig.Every(output, static (world, scenario) =>
    {
        world.NewClient().Store(1);
        world.Client(scenario, "holder", static client => client.HoldAndTouch(0, 2, isWrite: true));
        world.Client(scenario, "storer", static client => client.Store(0));
        world.Client(scenario, "evictor", static client => client.Evict(2));
    });

    [Fact]
    public void TwoLeases_OfRunsThatOverlap_AgainstAnEviction_AreBothServed() => Rig.Every(
        output,
        static (world, scenario) =>
        {
            world.Client(scenario, "first", static client => client.HoldAndTouch(0, 2, isWrite: false));
            world.Client(scenario, "second", static client => client.HoldAndTouch(1, 2, isWrite: true));
            world.Client(scenario, "evictor", static client => client.EvictRange(0, 3));
        },
        new() { Pages = 3, Budget = 3 });

    [Fact]
    public void ALease_AgainstStoresThatNeedItsRoom_Stays() => Rig.Every(
        output,
        static (world, scenario) =>
        {
            world.Client(scenario, "holder", static client => client.HoldAndTouch(0, 1, isWrite: true));
            world.Client(scenario, "storer", static client =>
            {
                client.Store(1);
                client.Load(0);
            });
        },
        new() { Budget = 1 });

    [Fact]
    public void LeasesOneAfterTheOther_AgainstAPersist_AreServed() => Rig.Every(output, static (world, scenario) =>
    {
        world.Client(scenario, "holder", static client =>
        {
            client.HoldAndTouch(0, 1, isWrite: true);
            client.HoldAndTouch(0, 1, isWrite: true);
        });
        world.Client(scenario, "persister", static client => client.Persist());
        world.Client(scenario, "evictor", static client => client.Evict(1));
    });
}
