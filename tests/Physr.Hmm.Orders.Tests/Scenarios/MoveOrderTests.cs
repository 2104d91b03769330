// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm;
using Xunit.Abstractions;

namespace Physr.Hmm.Orders.Tests;

/// <summary>Moves to the device and back against what changes areas and entries.</summary>
public sealed class MoveOrderTests(ITestOutputHelper output)
{
    [Fact]
    public void R30_ADevicesWrite_AgainstAMoveToTheDevice_IsNeverLost() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 1);
        DeviceMirror mirror = process.Mirror(world.Device);
        process.Write(0);
        scenario.Actor("device", () =>
        {
            Assert.Equal(Errno.None, process.DeviceWrite(mirror, 0));
            Assert.Equal(Errno.None, process.DeviceRead(mirror, 0));
        });
        scenario.Actor("mover", () => world.Device.MoveIn(process, 0, 1));
    });

    [Fact]
    public void R30_ADevicesWriteAndTheCpus_AgainstAnEviction_AreNeverLost() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 1);
        DeviceMirror mirror = process.Mirror(world.Device);
        process.Write(0);
        Assert.Equal(1, world.Device.MoveIn(process, 0, 1));
        Assert.Equal(Errno.None, process.DeviceWrite(mirror, 0));
        scenario.Actor("device", () => Assert.Equal(Errno.None, process.DeviceWrite(mirror, 0)));
        scenario.Actor("evictor", () => world.Device.Evict(1));
        scenario.Actor("cpu", () => process.Write(0));
    });

    [Fact]
    public void R34_AMoveToTheDevice_AgainstMunmap_LeavesNothingBehind() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 2);
        DeviceMirror mirror = process.Mirror(world.Device);
        process.Write(0);
        scenario.Actor("mover", () => world.Device.MoveIn(process, 0, 2));
        scenario.Actor("unmapper", () => process.Unmap(0, 1));
        scenario.Actor("device", () => _ = process.DeviceWrite(mirror, 0));
    });

    [Fact]
    public void R39_AnEviction_AgainstMunmap_LeavesNothingBehind() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 2);
        process.Write(0);
        process.Write(1);
        Assert.Equal(2, world.Device.MoveIn(process, 0, 2));
        scenario.Actor("evictor", () => world.Device.Evict(2));
        scenario.Actor("unmapper", () => process.Unmap(1, 1));
        scenario.Actor("reader", () => process.Read(0));
    });

    [Fact]
    public void R24_AMoveToTheDevice_AgainstAFork_GivesTheChildThatMomentsBytes() => Rig.Every(output, static (world, scenario) =>
    {
        Process parent = world.Spawn("parent", 1);
        DeviceMirror mirror = parent.Mirror(world.Device);
        parent.Write(0);
        scenario.Actor("mover", () => world.Device.MoveIn(parent, 0, 1));
        scenario.Actor("forker", () =>
        {
            Process child = parent.Fork("child");
            child.Write(0);
        });
        scenario.Actor("device", () => Assert.Equal(Errno.None, parent.DeviceWrite(mirror, 0)));
    });

    [Fact]
    public void R24_AChildsMove_AgainstTheParentsTouch_KeepsThemApart() => Rig.Every(output, static (world, scenario) =>
    {
        Process parent = world.Spawn("parent", 1);
        parent.Write(0);
        Process child = parent.Fork("child");
        scenario.Actor("mover", () => world.Device.MoveIn(child, 0, 1));
        scenario.Actor("parent", () => parent.Write(0));
        scenario.Actor("child", () => child.Write(0));
    });

    [Fact]
    public void R39_AnEviction_AgainstAForkAndATouch_KeepsParentAndChildApart() => Rig.Every(output, static (world, scenario) =>
    {
        Process parent = world.Spawn("parent", 1);
        parent.Write(0);
        Assert.Equal(1, world.Device.MoveIn(parent, 0, 1));
        scenario.Actor("evictor", () => world.Device.Evict(1));
        scenario.Actor("forker", () =>
        {
            Process child = parent.Fork("child");
            child.Write(0);
        });
        scenario.Actor("toucher", () => parent.Write(0));
    });

    [Fact]
    public void R25_AnEviction_AgainstMremap_KeepsTheBytes() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 2);
        process.Write(0);
        process.Write(1);
        Assert.Equal(2, world.Device.MoveIn(process, 0, 2));
        scenario.Actor("evictor", () => world.Device.Evict(2));
        scenario.Actor("remapper", () => process.MoveTo(new(Process.Start + (1UL << 30))));
    }, preemptions: 3);

    [Fact]
    public void R39_AnEviction_AgainstTheProcesssEnd_LeavesNothingBehind() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 2);
        process.Write(0);
        process.Write(1);
        Process child = process.Fork("child");
        Assert.Equal(2, world.Device.MoveIn(process, 0, 2));
        scenario.Actor("evictor", () => world.Device.Evict(2));
        scenario.Actor("exit", process.Space.Dispose);
        scenario.Actor("child", () => child.Write(0));
    });

    [Fact]
    public void R20a_AMoveBothWays_AgainstMprotect_NeverLetsAReadOnlyPageBeWritten() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 1);
        DeviceMirror mirror = process.Mirror(world.Device);
        process.Write(0);
        Assert.Equal(1, world.Device.MoveIn(process, 0, 1));
        scenario.Actor("protector", () => Assert.Equal(Errno.None, process.Space.TryProtect(process.AddressOf(0), 4096, Protection.Read)));
        scenario.Actor("device", () => Assert.True(process.DeviceWrite(mirror, 0) is Errno.None or Errno.EPERM));
        scenario.Actor("evictor", () => world.Device.Evict(1));
        scenario.AtEnd(() =>
        {
            Assert.Equal(Errno.EPERM, process.DeviceWrite(mirror, 0));
            Assert.Equal(AccessOutcome.AccessError, process.TryWrite(0));
        });
    });
}
