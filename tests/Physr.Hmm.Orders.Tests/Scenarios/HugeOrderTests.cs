// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm;
using Physr.Testing.Interleaving;
using Xunit.Abstractions;

namespace Physr.Hmm.Orders.Tests;

/// <summary>The same with 2 MiB at once.</summary>
public sealed class HugeOrderTests(ITestOutputHelper output)
{
    private const int Whole = 512;
    private static readonly WorldOptions s_huge = new() { RamMebibytes = 10, HugePages = HugePagePolicy.Always };

    [Fact]
    public void R23b_ATouchOfAWholePage_AgainstAPartialMunmap_KeepsTheRest() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = Stage(world);
        Assert.Equal(1, world.Device.MoveIn(process, 0, Whole, isWhole: true));
        scenario.Actor("cpu", () => process.Write(0));
        scenario.Actor("unmapper", () => process.Unmap(256, 256));
    }, options: s_huge);

    [Fact]
    public void R38_AMoveOfAWholePage_AgainstATouch_KeepsTheLastValue() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = Stage(world);
        DeviceMirror mirror = process.Mirror(world.Device);
        scenario.Actor("mover", () => world.Device.MoveIn(process, 0, Whole, isWhole: true));
        scenario.Actor("cpu", () => process.Write(300));
        scenario.Actor("device", () => Assert.Equal(Errno.None, process.DeviceWrite(mirror, 0)));
    }, preemptions: 1, options: s_huge);

    [Fact]
    public void R38_AnEvictionOfAWholePage_AgainstABreakOfItsEntry_RestoresAllParts() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = Stage(world);
        Assert.Equal(1, world.Device.MoveIn(process, 0, Whole, isWhole: true));
        scenario.Actor("evictor", () => world.Device.EvictAll());
        scenario.Actor("adviser", () => Assert.Equal(Errno.None, process.Space.TryAdvise(process.AddressOf(256), 4096, MemoryAdvice.Free)));
    }, options: s_huge);

    [Fact]
    public void R38a_AnEvictionIntoSmallPages_AgainstAPartialMunmap_RestoresTheRest() => Rig.Randomly(output, static (world, scenario) =>
    {
        Process process = Stage(world);
        Assert.Equal(1, world.Device.MoveIn(process, 0, Whole, isWhole: true));
        scenario.Actor("evictor", () => world.Device.EvictAll(isSplit: true));
        scenario.Actor("unmapper", () => process.Unmap(256, 256));
    }, runs: 150, options: s_huge, style: RandomStyle.Priorities);

    [Fact]
    public void R25_AnEvictionIntoSmallPages_AgainstMremap_KeepsTheBytes() => Rig.Randomly(output, static (world, scenario) =>
    {
        Process process = Stage(world);
        Assert.Equal(1, world.Device.MoveIn(process, 0, Whole, isWhole: true));
        scenario.Actor("evictor", () => world.Device.EvictAll(isSplit: true));
        scenario.Actor("remapper", () => process.MoveTo(new(Process.Start + (1UL << 30))));
    }, runs: 150, options: s_huge, style: RandomStyle.Priorities);

    [Fact]
    public void R24_AForkOfAWholePage_AgainstAnEviction_KeepsParentAndChildApart() => Rig.Every(output, static (world, scenario) =>
    {
        Process parent = Stage(world);
        Assert.Equal(1, world.Device.MoveIn(parent, 0, Whole, isWhole: true));
        scenario.Actor("evictor", () => world.Device.EvictAll());
        scenario.Actor("forker", () => parent.Fork("child").Write(0));
        scenario.Actor("cpu", () => parent.Write(0));
    }, preemptions: 1, options: s_huge);

    [Fact]
    public void R38_ATouchOfAPartOfAWholePage_AfterAPartialMunmap_ComesHomeAlone() => Rig.Randomly(output, static (world, scenario) =>
    {
        Process process = Stage(world);
        Assert.Equal(1, world.Device.MoveIn(process, 0, Whole, isWhole: true));
        process.Unmap(256, 256);
        scenario.Actor("one", () => process.Write(0));
        scenario.Actor("other", () => process.Write(200));
    }, runs: 150, options: s_huge, style: RandomStyle.Priorities);

    [Fact]
    public void R38_ADeviceWithRoomForSmallPagesOnly_AgainstATouch_BreaksThePage() => Rig.Randomly(output, static (world, scenario) =>
    {
        Process process = Stage(world);
        scenario.Actor("mover", () => world.Device.MoveIn(process, 0, Whole, isWhole: true, isSplit: true));
        scenario.Actor("cpu", () => process.Write(200));
    }, runs: 150, options: s_huge, style: RandomStyle.Priorities);

    private static Process Stage(World world)
    {
        Process process = world.Spawn("process", Whole, 0, 200, 300, 511);
        process.Write(0);
        process.Write(200);
        process.Write(511);
        Assert.True(process.Space.EntryOf(Process.Start).IsHuge);
        return process;
    }
}
