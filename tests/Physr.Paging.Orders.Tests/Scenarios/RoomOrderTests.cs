// Copyright (c) The Physr authors. Licensed under the MIT license.

using Xunit.Abstractions;

namespace Physr.Paging.Orders.Tests;

/// <summary>Budgets: of one region, of two that share one, and of more leases than may be.</summary>
public sealed class RoomOrderTests(ITestOutputHelper output)
{
    private const int ManyPages = 20;
    private const int Reserve = 16;
    private const int Runs = 100;
    private const int Seed = 20251128;

    [Fact]
    public void ARegionThatTakesAnothersRoom_AgainstALeaseThere_LeavesNobodyAsleep() => Rig.EveryOfTwo(
        output,
        static (world, sibling, scenario) =>
        {
            Client before = sibling.NewClient();
            before.Store(0);
            before.Store(1);
            world.Client(scenario, "storer", static client => client.Store(0));
            sibling.Client(scenario, "holder", static client => client.HoldAndTouch(0, 1, isWrite: true));
        },
        new() { Budget = 2, WholeBudget = 2 });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void LeasesOfMoreThanTheBudget_HaveTheReserve_AndRoomIsMadeOnceTheyEnd(bool isSlow) => Rig.Randomly(
        output,
        (world, scenario) =>
        {
            if (isSlow)
            {
                world.Handler(scenario, "handler");
                world.Mover(scenario, "mover");
                world.Disk(scenario, "disk");
            }

            world.Client(scenario, "holder", static client =>
            {
                client.HoldAndTouch(0, 1 + Reserve, isWrite: true);
                Assert.True(client.Load(ManyPages - 1));
            });
        },
        Runs,
        Seed,
        new() { Pages = ManyPages, Budget = 1, IsSlow = isSlow, HasHandlers = isSlow, HasMover = isSlow });

    [Fact]
    public void AnotherLeaseThanTheReserveHas_IsRefused() => Rig.Every(
        output,
        static (world, scenario) => world.Client(scenario, "holder", client =>
        {
            Assert.True(client.TryHold(0, 1 + Reserve, isWrite: false));
            world.MayPoison = true;
            Assert.False(client.TryHold(ManyPages - 1, 1, isWrite: false));
            client.Release(0, 1 + Reserve);
            client.ClearFailures();
            world.MayPoison = false;
            client.HoldAndTouch(ManyPages - 1, 1, isWrite: true);
        }),
        new() { Pages = ManyPages, Budget = 1 },
        preemptions: 0);
}
