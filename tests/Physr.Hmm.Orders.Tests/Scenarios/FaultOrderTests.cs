// Copyright (c) The Physr authors. Licensed under the MIT license.

using Xunit.Abstractions;

namespace Physr.Hmm.Orders.Tests;

/// <summary>Touches of the CPU against each other and against what moves pages.</summary>
public sealed class FaultOrderTests(ITestOutputHelper output)
{
    [Fact]
    public void R21b_TwoTouchesOfOnePrivatePage_AskTheDriverOnce() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 1);
        process.Write(0);
        Assert.Equal(1, world.Device.MoveIn(process, 0, 1));
        long before = world.Device.Callbacks;
        scenario.Actor("reader", () => process.Read(0));
        scenario.Actor("writer", () => process.Write(0));
        scenario.AtEnd(() => Assert.Equal(1, world.Device.Callbacks - before));
    });

    [Fact]
    public void R21c_ATouchWhoseEntryChanged_DoesNothing_AndATouchDuringAMoveWaits() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 1);
        process.Write(0);
        Assert.Equal(1, world.Device.MoveIn(process, 0, 1));
        scenario.Actor("reader", () => process.Read(0));
        scenario.Actor("evictor", () => world.Device.Evict(1));
        scenario.Actor("writer", () => process.Write(0));
    });

    [Fact]
    public void R34_ATouchDuringAMoveToTheDevice_SeesAndKeepsTheLastValue() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 2);
        process.Write(0);
        scenario.Actor("mover", () => world.Device.MoveIn(process, 0, 2));
        scenario.Actor("writer", () =>
        {
            process.Write(0);
            process.Write(1);
        });
        scenario.Actor("reader", () => process.Read(0));
    });
}
