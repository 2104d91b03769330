// Copyright (c) The Physr authors. Licensed under the MIT license.

using Xunit.Abstractions;

namespace Physr.Hmm.Orders.Tests;

/// <summary>A device that leaves while it is used.</summary>
public sealed class UnplugOrderTests(ITestOutputHelper output)
{
    [Fact]
    public void R13_AnUnplug_AgainstATouchAndAnAllocation_BringsEverythingHome() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 2);
        process.Write(0);
        Assert.Equal(1, world.Device.MoveIn(process, 0, 1));
        scenario.Actor("unplugger", world.Device.Unplug);
        scenario.Actor("cpu", () => process.Write(0));
        scenario.Actor("mover", () => world.Device.MoveIn(process, 1, 1));
        scenario.AtEnd(() =>
        {
            Assert.False(world.Device.Pagemap.IsRegistered);
            Assert.Equal(world.Device.Pool.Pages, world.Device.Pool.FreePages);
            world.Device.Register();
        });
    });

    [Fact]
    public void R13_AnUnplug_AgainstTheDevicesMirror_NeverLooksIntoWhatIsGone() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 1);
        DeviceMirror mirror = process.Mirror(world.Devices[1]);
        process.Write(0);
        Assert.Equal(1, world.Device.MoveIn(process, 0, 1));
        scenario.Actor("unplugger", world.Device.Unplug);
        scenario.Actor("other-device", () => Assert.Equal(Errno.None, process.DeviceWrite(mirror, 0)));
        scenario.AtEnd(() => world.Device.Register());
    }, options: new() { Devices = 2 });
}
