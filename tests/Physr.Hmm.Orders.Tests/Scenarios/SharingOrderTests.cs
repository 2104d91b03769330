// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm;
using Xunit.Abstractions;

namespace Physr.Hmm.Orders.Tests;

/// <summary>Pins, exclusive access, advice, copies on write, and files, against moves and each other.</summary>
public sealed class SharingOrderTests(ITestOutputHelper output)
{
    [Fact]
    public void R40_ADevicesAtomics_AgainstTheCpus_AndAFork_LoseNoAddition() => Rig.Every(output, static (world, scenario) =>
    {
        Process parent = world.Spawn("parent", 1);
        DeviceMirror mirror = parent.Mirror(world.Device);
        parent.Increment(0);
        ulong added = 1;
        Assert.Equal(Errno.None, mirror.AddExclusively(0, 1UL << 32, now => parent.WasWritten(0, now)));
        scenario.Actor("device", () => _ = mirror.AddExclusively(0, 1UL << 32, now =>
        {
            added++;
            parent.WasWritten(0, now);
        }));
        scenario.Actor("cpu", () => parent.Increment(0));
        scenario.Actor("forker", () => parent.Fork("child").Increment(0));
        scenario.AtEnd(() => Assert.Equal((added << 32) + 2, parent.Values[0]));
    });

    [Fact]
    public void R40_TwoDevices_WantOnePageForThemselves() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 1);
        process.Increment(0);
        int added = 0;
        foreach (TestDevice device in world.Devices)
        {
            DeviceMirror mirror = process.Mirror(device);
            scenario.Actor(device.Name, () =>
            {
                _ = mirror.AddExclusively(0, 1UL << 32, now =>
                {
                    added++;
                    process.WasWritten(0, now);
                });
            });
        }

        scenario.AtEnd(() => Assert.Equal(((ulong)added << 32) + 1, process.Values[0]));
    }, options: new() { Devices = 2 });

    [Fact]
    public void R40_ADevicesAtomics_AgainstADiscard_UseNoPageThatIsGone() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 1);
        DeviceMirror mirror = process.Mirror(world.Device);
        process.Write(0);
        scenario.Actor("device", () => _ = mirror.AddExclusively(0, 1, now => process.WasWritten(0, now)));
        scenario.Actor("discarder", () => process.Discard(0));
        scenario.Actor("cpu", () => process.Write(0));
    });

    [Fact]
    public void R27b_TwoWhoLetGoOfADevicesPageAtOnce_LeaveNobodyCharged() => Rig.Every(output, static (world, scenario) =>
    {
        Process parent = world.Spawn("parent", 1);
        parent.Write(0);
        Assert.Equal(1, world.Device.MoveIn(parent, 0, 1));
        Process child = parent.Fork("child");
        scenario.Actor("parent", () => parent.Unmap(0, 1));
        scenario.Actor("child", child.Space.Dispose);
    });

    [Theory]
    [InlineData(PinFlags.Write | PinFlags.LongTerm)]
    [InlineData(PinFlags.Write | PinFlags.ReferenceOnly)]
    public void R28_APageThatIsHeld_AgainstAMove_StaysTheOneThatTheProcessHas(PinFlags how) => Rig.Every(output, (world, scenario) =>
    {
        Process process = world.Spawn("process", 1);
        process.Write(0);
        scenario.Actor("mover", () => world.Device.MoveIn(process, 0, 1));
        scenario.Actor("holder", () =>
        {
            Assert.Equal(Errno.None, process.Space.TryPin(process.AddressOf(0), 4096, how, out PinnedMemory? pinned));
            process.Write(0);
            Assert.Equal(process.Values[0], Pinned(world, pinned));
            pinned!.Dispose();
        });
        scenario.Actor("writer", () => process.Write(0));
    });

    [Fact]
    public void R24_APin_AgainstAFork_StaysTheParents() => Rig.Every(output, static (world, scenario) =>
    {
        Process parent = world.Spawn("parent", 1);
        parent.Write(0);
        scenario.Actor("pinner", () =>
        {
            Assert.Equal(Errno.None, parent.Space.TryPin(parent.AddressOf(0), 4096, PinFlags.Write, out PinnedMemory? pinned));
            parent.Write(0);
            Assert.Equal(parent.Values[0], Pinned(world, pinned));
            pinned!.Dispose();
        });
        scenario.Actor("forker", () => parent.Fork("child").Write(0));
    }, preemptions: 3);

    [Fact]
    public void R27_MadviseDontNeed_AgainstAMoveAndAWrite_GivesZerosOrTheNewValue() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 1);
        process.Write(0);
        scenario.Actor("mover", () => world.Device.MoveIn(process, 0, 1));
        scenario.Actor("discarder", () => process.Discard(0));
        scenario.Actor("writer", () => process.Write(0));
    });

    [Fact]
    public void R27_MadviseDontNeed_AgainstAnEviction_GivesZeros() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 1);
        process.Write(0);
        Assert.Equal(1, world.Device.MoveIn(process, 0, 1));
        scenario.Actor("evictor", () => world.Device.Evict(1));
        scenario.Actor("discarder", () => process.Discard(0));
        scenario.Actor("reader", () => process.Read(0));
    });

    [Fact]
    public void R34_MadviseFree_AgainstAMove_KeepsTheBytesWhileNobodyNeedsThePage() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 1);
        DeviceMirror mirror = process.Mirror(world.Device);
        process.Write(0);
        scenario.Actor("mover", () => world.Device.MoveIn(process, 0, 1));
        scenario.Actor("adviser", () => process.Free(0));
        scenario.Actor("device", () => Assert.Equal(Errno.None, process.DeviceWrite(mirror, 0)));
    });

    [Fact]
    public void R24_ParentAndChild_WriteOnePageAtTheSameTime_AndEachSeesItsOwn() => Rig.Every(output, static (world, scenario) =>
    {
        Process parent = world.Spawn("parent", 1);
        parent.Write(0);
        Process child = parent.Fork("child");
        scenario.Actor("parent", () => parent.Write(0));
        scenario.Actor("child", () => child.Write(0));
        scenario.Actor("sibling", () => child.Write(0));
    });

    [Fact]
    public void R24_ParentAndChild_WriteOnePageOfTheDevicesAtTheSameTime_AndEachSeesItsOwn() => Rig.Every(output, static (world, scenario) =>
    {
        Process parent = world.Spawn("parent", 1);
        parent.Write(0);
        Assert.Equal(1, world.Device.MoveIn(parent, 0, 1));
        Process child = parent.Fork("child");
        DeviceMirror mirror = child.Mirror(world.Device);
        scenario.Actor("parent", () => parent.Write(0));
        scenario.Actor("device", () => Assert.Equal(Errno.None, child.DeviceWrite(mirror, 0)));
    });

    [Fact]
    public void AFileThatIsCut_AgainstASharedTouch_GivesABusErrorOrTheByte() => Rig.Every(output, static (world, scenario) =>
    {
        SharedMemoryFile file = world.Share(2);
        Process one = world.Spawn("one", 2, file);
        Process two = world.Spawn("two", 2, file);
        DeviceMirror mirror = two.Mirror(world.Device);
        Assert.Equal(AccessOutcome.Done, one.TryWrite(1));
        one.Gone[0] = one.Gone[1] = two.Gone[0] = two.Gone[1] = true;
        scenario.Actor("cutter", () => file.SetLength(4096));
        scenario.Actor("toucher", () => Assert.True(two.Space.Store(two.AddressOf(1), 7UL) is AccessOutcome.Done or AccessOutcome.BusError));
        scenario.Actor("device", () => Assert.True(mirror.Write(1, 8) is Errno.None or Errno.EFAULT));
        scenario.AtEnd(() =>
        {
            Assert.Equal(AccessOutcome.BusError, one.Space.Load(one.AddressOf(1), out ulong _));
            Assert.Equal(AccessOutcome.BusError, two.Space.Load(two.AddressOf(1), out ulong _));
            Assert.InRange(file.CachedPages, 0, 1);
        });
    });

    [Fact]
    public void AProcesssEnd_AgainstAThreadOfIt_GivesNobodyElsesMemory() => Rig.Every(output, static (world, scenario) =>
    {
        Process process = world.Spawn("process", 1);
        process.Write(0);
        scenario.Actor("exit", process.Space.Dispose);
        scenario.Actor("thread", () =>
        {
            try
            {
                process.Read(0);
            }
            catch (ObjectDisposedException)
            {
                // The process is gone.
            }
        });
        scenario.Actor("newcomer", () => world.Spawn("newcomer", 1).Write(0));
    });

    private static ulong Pinned(World world, PinnedMemory? pinned)
    {
        foreach (ProvidedRange range in pinned!.Frames)
        {
            return BitConverter.ToUInt64(world.Memory.BytesAt(range.Range.Start.Frame));
        }

        return 0;
    }
}
