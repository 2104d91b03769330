// Copyright (c) The Physr authors. Licensed under the MIT license.

using Xunit.Abstractions;

namespace Physr.Paging.Orders.Tests;

/// <summary>A store or a kernel that fails: what cannot be read is an error and never something else, what cannot be written stays.</summary>
public sealed class FailureOrderTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void APageThatCannotBeRead_IsAnError_ForThreadsAndLeases(bool keepsPoison) => Rig.Every(
        output,
        static (world, scenario) =>
        {
            world.MayPoison = true;
            world.Medium.FailingReads[0] = 1;
            world.Client(scenario, "loader", static client => client.Load(0));
            world.Client(scenario, "storer", static client => client.Store(0));
            world.Client(scenario, "holder", static client => client.HoldAndTouch(0, 1, isWrite: false));
        },
        new() { KeepsPoison = keepsPoison });

    [Fact]
    public void APageThatWasEvictedAndCannotBeReadAgain_IsAnError() => Rig.Every(output, static (world, scenario) =>
    {
        Client before = world.NewClient();
        before.Store(0);
        before.Evict(1);
        world.MayPoison = true;
        world.Medium.FailingReads[0] = 1;
        world.Client(scenario, "loader", static client => client.Load(0));
        world.Client(scenario, "storer", static client => client.Store(0));
    });

    [Fact]
    public void ARunThatCannotBeRead_IsAnErrorOnlyWhereItHasTo() => Rig.Every(output, static (world, scenario) =>
    {
        world.MayPoison = true;
        world.Medium.FailingReads[1] = 1;
        world.Client(scenario, "holder", static client => client.HoldAndTouch(0, 2, isWrite: true));
        world.Client(scenario, "loader", static client => client.Load(1));
    });

    [Fact]
    public void AFailureThatIsCleared_AgainstATouch_IsNoErrorAnyMore() => Rig.Every(output, static (world, scenario) =>
    {
        world.MayPoison = true;
        world.Medium.FailingReads[0] = 1;
        Assert.False(world.NewClient().Load(0));
        world.Client(scenario, "clearer", client =>
        {
            client.ClearFailures();
            world.MayPoison = false;
            client.Load(0);
        });
        world.Client(scenario, "loader", static client => client.Load(0));
    });

    [Fact]
    public void PagesThatCannotBeWrittenBack_Stay() => Rig.Every(output, static (world, scenario) =>
    {
        Client before = world.NewClient();
        before.Store(0);
        before.Store(1);
        world.Medium.FailingWrites[0] = 1;
        world.Client(scenario, "storer", static client => client.Store(0));
        world.Client(scenario, "evictor", static client =>
        {
            client.Evict(2);
            client.Evict(2);
        });
    });

    [Fact]
    public void APageThatCannotBeWrittenBack_AgainstLeases_IsServedToThem() => Rig.Every(output, static (world, scenario) =>
    {
        world.NewClient().Store(0);
        world.Medium.FailingWrites[0] = 1;
        world.Client(scenario, "reader", static client => client.HoldAndTouch(0, 1, isWrite: false));
        world.Client(scenario, "writer", static client => client.HoldAndTouch(0, 1, isWrite: true));
        world.Client(scenario, "evictor", static client => client.Evict(1));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AThreadWhoseCallTheKernelRefuses_TriesAgain(bool isUnmapped) => Rig.Every(output, (world, scenario) =>
    {
        Client before = world.NewClient();
        before.Load(0);
        if (isUnmapped)
        {
            before.Unmap(0);
        }

        world.Pager.Window.Failures = (Errno.ENOMEM, 2);
        world.Client(scenario, "storer", static client => client.Store(0));
        world.Client(scenario, "loader", static client => client.Load(0));
    });

    [Theory]
    [InlineData(Errno.EAGAIN)]
    [InlineData(Errno.ENOMEM)]
    public void ACallThatTheKernelRefusesOnce_LosesNothingAndNobody(Errno errno) => Rig.Every(
        output,
        (world, scenario) =>
        {
            world.NewClient().Store(0);
            world.MayPoison = true;
            world.Client(scenario, "storer", static client => client.Store(0));
            world.Client(scenario, "holder", static client => client.HoldAndTouch(0, 1, isWrite: true));
            world.Client(scenario, "evictor", static client => client.Evict(1));
            world.Client(scenario, "kernel", _ => world.Pager.Window.Failures = (errno, 1));
        },
        preemptions: 1);
}
