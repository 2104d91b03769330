// Copyright (c) The Physr authors. Licensed under the MIT license.

using Xunit.Abstractions;

namespace Physr.Hmm.Orders.Tests;

/// <summary>Mirrors that come, go and look while entries change.</summary>
public sealed class MirrorOrderTests(ITestOutputHelper output)
{
    [Fact]
    public void R30_AMirrorThatComesDuringAChange_WaitsForItsEnd() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 1);
        process.Write(0);
        scenario.Actor("device", () =>
        {
            DeviceMirror mirror = process.Mirror(world.Device);
            Assert.Equal(Errno.None, process.DeviceWrite(mirror, 0));
        });
        scenario.Actor("discarder", () => process.Discard(0));
        scenario.Actor("mover", () => world.Device.MoveIn(process, 0, 1));
    });

    [Fact]
    public void R30_AMirrorThatGoes_IsToldNothingAfterwards() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 1);
        process.Write(0);
        DeviceMirror mirror = new(world.Device, process);
        bool isGone = false;
        mirror.WasTold = () => Assert.False(isGone);
        scenario.Actor("device", () =>
        {
            _ = process.DeviceWrite(mirror, 0);
            mirror.Dispose();
            isGone = true;
        });
        scenario.Actor("discarder", () => process.Discard(0));
        scenario.Actor("mover", () => world.Device.MoveIn(process, 0, 1));
    });

    [Fact]
    public void R31_TwoDevicesAndTheCpu_UseOneSharedPage_AndAllSeeTheLastValue() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 1);
        process.Write(0);
        Process child = process.Fork("child");
        DeviceMirror writer = process.Mirror(world.Devices[0]);
        DeviceMirror reader = process.Mirror(world.Devices[1]);
        scenario.Actor("writer", () => Assert.Equal(Errno.None, process.DeviceWrite(writer, 0)));
        scenario.Actor("reader", () =>
        {
            Assert.Equal(Errno.None, process.DeviceRead(reader, 0));
            Assert.Equal(Errno.None, process.DeviceRead(reader, 0));
        });
        scenario.Actor("cpu", () => process.Write(0));
        scenario.AtEnd(() => child.Read(0));
    }, options: new() { Devices = 2 });

    [Fact]
    public void R30_ADriverThatRefusesAlthoughItMayBlock_DoesNotEndTheChangeTwice() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 1);
        DeviceMirror mirror = process.Mirror(world.Device);
        mirror.Refuses = true;
        process.Write(0);
        scenario.Actor("device", () =>
        {
            Assert.Equal(Errno.None, process.DeviceWrite(mirror, 0));
            Assert.Equal(Errno.None, process.DeviceRead(mirror, 0));
        });
        scenario.Actor("discarder", () => process.Discard(0));
        scenario.AtEnd(() =>
        {
            // Each refusal is named, and the change goes on.
            mirror.Refuses = false;
            Assert.NotEmpty(world.Warnings);
            Assert.All(world.Warnings, static warning => Assert.Contains("refused", warning, StringComparison.Ordinal));
            world.Warnings.Clear();
        });
    });
}
