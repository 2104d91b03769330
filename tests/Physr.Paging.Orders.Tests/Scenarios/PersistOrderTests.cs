// Copyright (c) The Physr authors. Licensed under the MIT license.

using Xunit.Abstractions;

namespace Physr.Paging.Orders.Tests;

/// <summary>Writing back what stays: all that was written before is durable afterwards, and what is written meanwhile is dirty again.</summary>
public sealed class PersistOrderTests(ITestOutputHelper output)
{
    [Fact]
    public void APersist_AgainstStores_HasWhatWasWrittenBefore() => Rig.Every(output, static (world, scenario) =>
    {
        world.NewClient().Store(0);
        world.Client(scenario, "storer", static client =>
        {
            client.Store(0);
            client.Store(1);
        });
        world.Client(scenario, "persister", static client => client.Persist());
    });

    [Fact]
    public void APersist_AgainstAnEvictionAndAStore_HasWhatWasWrittenBefore() => Rig.Every(output, static (world, scenario) =>
    {
        world.NewClient().Store(0);
        world.Client(scenario, "storer", static client => client.Store(0));
        world.Client(scenario, "persister", static client => client.Persist());
        world.Client(scenario, "evictor", static client => client.Evict(1));
    });

    [Fact]
    public void TwoPersists_OfARun_AgainstAStore_BothHaveWhatWasWrittenBefore() => Rig.Every(output, static (world, scenario) =>
    {
        Client before = world.NewClient();
        before.Store(0);
        before.Store(1);
        world.Client(scenario, "storer", static client => client.Store(1));
        world.Client(scenario, "persister", static client => client.Persist());
        world.Client(scenario, "other", static client => client.Persist());
    });

    [Fact]
    public void APersistAfterAStore_AgainstAnEvictionThatFails_HasIt() => Rig.Every(output, static (world, scenario) =>
    {
        world.MayFailToPersist = true;
        world.Medium.FailingWrites[0] = 1;
        world.Client(scenario, "storer", static client =>
        {
            client.Store(0);
            client.Persist();
        });
        world.Client(scenario, "evictor", static client =>
        {
            client.Evict(1);
            client.Evict(1);
        });
    });

    [Fact]
    public void APersist_AgainstAWriteLease_LeavesItItsRightToWrite() => Rig.Every(output, static (world, scenario) =>
    {
        world.NewClient().Store(0);
        world.Client(scenario, "holder", static client => client.HoldAndTouch(0, 1, isWrite: true));
        world.Client(scenario, "persister", static client =>
        {
            client.Persist();
            client.Persist();
        });
    });

    [Fact]
    public void APersist_AgainstAReadLeaseAndAStore_HasWhatWasWrittenBefore() => Rig.Every(output, static (world, scenario) =>
    {
        world.NewClient().Store(0);
        world.Client(scenario, "holder", static client => client.HoldAndTouch(0, 1, isWrite: false));
        world.Client(scenario, "storer", static client => client.Store(0));
        world.Client(scenario, "persister", static client => client.Persist());
    });

    [Fact]
    public void AFlushThatFails_IsSaid() => Rig.Every(output, static (world, scenario) =>
    {
        world.MayFailToPersist = true;
        world.Medium.FailingFlushes = 1;
        world.Client(scenario, "storer", static client =>
        {
            client.Store(0);
            client.Persist();
            client.Persist();
        });
        world.Client(scenario, "other", static client => client.Store(0));
    });
}
