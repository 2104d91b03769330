// Copyright (c) The Physr authors. Licensed under the MIT license.

using Xunit.Abstractions;

namespace Physr.Paging.Orders.Tests;

/// <summary>The application takes pages out of the window itself (<c>MADV_REMOVE</c>), whatever the pager is at: bytes that the store has come again, others are an error, and nobody reads zeros or old bytes.</summary>
public sealed class DiscardOrderTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void APageThatIsDiscarded_WhileItIsEvicted_WasSavedOrIsAnError(bool isMapped) => Rig.Every(
        output,
        static (world, scenario) =>
        {
            Begin(world);
            world.Client(scenario, "discarder", static client => client.Remove(0));
            world.Client(scenario, "evictor", static client => client.Evict(2));
            world.Client(scenario, "loader", static client => client.Load(0));
        },
        new() { IsMapped = isMapped });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void APageThatIsDiscarded_BeforeItIsEvicted_IsAnError_AndItsNeighbourIsSaved(bool isMapped) => Rig.Every(
        output,
        static (world, scenario) =>
        {
            Begin(world);
            world.NewClient().Remove(0);
            world.Client(scenario, "evictor", static client => client.Evict(2));
            world.Client(scenario, "loader", static client =>
            {
                Assert.False(client.Load(0));
                Assert.True(client.Load(1));
            });
        },
        new() { IsMapped = isMapped });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void APageThatIsDiscarded_WhileItIsWrittenBack_WasSavedOrIsAnError(bool isMapped) => Rig.Every(
        output,
        static (world, scenario) =>
        {
            Begin(world);
            world.MayFailToPersist = true;
            world.Client(scenario, "discarder", static client => client.Remove(0));
            world.Client(scenario, "persister", static client => client.Persist());
            world.Client(scenario, "storer", static client => client.Store(0));
        },
        new() { IsMapped = isMapped });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void APageThatIsDiscarded_WhileItIsEvictedAndThePagerDies_WasSavedOrIsAnError(bool isMapped) => Rig.Every(
        output,
        static (world, scenario) =>
        {
            Begin(world);
            world.Client(scenario, "discarder", static client => client.Remove(0));
            world.Client(scenario, "evictor", static client => client.Evict(2));
            world.Client(scenario, "killer", static client => client.KillPager());
        },
        new() { IsMapped = isMapped });

    [Fact]
    public void ACleanPageThatIsDiscarded_ComesAgain() => Rig.Every(output, static (world, scenario) =>
    {
        world.NewClient().Load(0);
        world.MayPoison = true;
        world.Client(scenario, "discarder", static client => client.Remove(0));
        world.Client(scenario, "loader", static client => Assert.True(client.Load(0)));
        world.Client(scenario, "evictor", static client => client.Evict(1));
    });

    private static void Begin(PagingWorld world)
    {
        Client before = world.NewClient();
        before.Store(0);
        before.Store(1);
        world.MayPoison = true;
    }
}
