// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm;
using Xunit.Abstractions;

namespace Physr.Hmm.Orders.Tests;

/// <summary>Pages that go to swap and come back, between processes and devices.</summary>
public sealed class SwapOrderTests(ITestOutputHelper output)
{
    private static readonly WorldOptions s_swap = new() { SwapPages = 3 };

    [Fact]
    public void ADevicesWrite_AgainstAPageOut_IsNeverLost() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 1);
        DeviceMirror mirror = process.Mirror(world.Device);
        process.Write(0);
        Assert.Equal(Errno.None, process.DeviceWrite(mirror, 0));
        scenario.Actor("swapper", () => PageOut(process, 0));
        scenario.Actor("device", () => Assert.Equal(Errno.None, process.DeviceWrite(mirror, 0)));
        scenario.Actor("cpu", () => process.Write(0));
    }, options: s_swap);

    [Fact]
    public void R19c_ParentAndChild_BringOneSlotBack_AndEachWritesItsOwn() => Rig.Every(output, static (world, scenario) =>
    {
        Process parent = world.Spawn("parent", 1);
        parent.Write(0);
        PageOut(parent, 0);
        Process child = parent.Fork("child");
        scenario.Actor("parent", () =>
        {
            parent.Read(0);
            parent.Write(0);
        });
        scenario.Actor("child", () => child.Write(0));
    }, options: s_swap);

    [Fact]
    public void R19c_ASlotThatIsUsedAnew_IsNotTakenForTheOldOne() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 1);
        process.Write(0);
        PageOut(process, 0);
        Process other = world.Spawn("other", 1);
        other.Write(0);
        scenario.Actor("reader", () => process.Read(0));
        scenario.Actor("other", () =>
        {
            process.Read(0);
            PageOut(other, 0);
            Process child = other.Fork("child");
            child.Read(0);
            other.Read(0);
        });
    }, options: new() { SwapPages = 2 });

    [Fact]
    public void APageOut_AgainstAWriteAndMadviseFree_NeverBringsAnOlderValueBack() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 1);
        process.Write(0);
        scenario.Actor("swapper", () => PageOut(process, 0));
        scenario.Actor("cpu", () => process.Write(0));
        scenario.Actor("adviser", () => process.Free(0));
    }, options: s_swap);

    [Fact]
    public void R35_APageOut_AgainstAMoveAndATouch_KeepsTheBytes() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 1);
        process.Write(0);
        scenario.Actor("swapper", () => PageOut(process, 0));
        scenario.Actor("mover", () => world.Device.MoveIn(process, 0, 1));
        scenario.Actor("cpu", () => process.Write(0));
    }, options: s_swap);

    private static void PageOut(Process process, int page) => Assert.Equal(Errno.None, process.Space.TryAdvise(process.AddressOf(page), 4096, MemoryAdvice.PageOut));
}
