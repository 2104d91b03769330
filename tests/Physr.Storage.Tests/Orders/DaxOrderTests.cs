// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm;
using Physr.Storage.Tests.Dax;
using Physr.Testing.Interleaving;
using Xunit.Abstractions;

namespace Physr.Storage.Tests.Orders;

/// <summary>Files that are memory, in every order of what two or three threads do with them: descriptors that come and go, pages that are large or small, pins, cuts and parted extents.</summary>
public sealed class DaxOrderTests(ITestOutputHelper output)
{
    [Fact]
    public void R80c_R81c_AFirstMappingAgainstALastUnmap_NeverTouchesDescriptorsThatAreGone() => Every((region, scenario) =>
    {
        PlacedFile file = Place(region, scenario, "a", 4, 8);
        foreach (string name in (string[])["one", "other"])
        {
            AddressSpace space = Spawn(region, scenario, name);
            scenario.Actor(name, () =>
            {
                VirtualAddress at = file.Map(space);
                Assert.Equal(AccessOutcome.Done, space.Store(at, 1UL));
                Assert.Equal(Errno.None, space.TryUnmap(at, file.Length));
            });
        }

        scenario.AtEnd(() => Assert.Equal(0, region.Descriptors));
    });

    [Fact]
    public void R83a_ACutAgainstATransferAndATouch_MovesNothingThatIsHeld() => Every((region, scenario) =>
    {
        PlacedFile file = Place(region, scenario, "a", 2, 8);
        AddressSpace space = Spawn(region, scenario, "process");
        VirtualAddress at = file.Map(space);
        int held = 0;
        scenario.Actor("device", () =>
        {
            if (space.TryPin(at.Add(4096), 4096, PinFlags.Write, out PinnedMemory? pinned) != Errno.None)
            {
                return;
            }

            held++;
            Mm.Interleaving.SchedulePoint.Reach("transfer");
            held--;
            pinned!.Dispose();
        });
        scenario.Actor("touch", () => Assert.Contains(space.Load(at.Add(4096), out ulong _), (AccessOutcome[])[AccessOutcome.Done, AccessOutcome.BusError]));
        scenario.Actor("cut", () => Assert.Equal(Errno.None, file.File.TryChangeLayout(1, ulong.MaxValue, true, () =>
        {
            Assert.Equal(0, held);
            file.Pages = 1;
            file.Blocks.Remove(1);
            return Errno.None;
        })));
        scenario.AtEnd(() =>
        {
            Assert.Equal(AccessOutcome.BusError, space.Load(at.Add(4096), out ulong _));
            Assert.Equal(0, region.Memory.Pins);
        });
    });

    [Fact]
    public void R81c_ALargePageAgainstASmallOneOfItsAlias_IsOneOrTheOther() => Every((region, scenario) =>
    {
        PlacedFile file = Place(region, scenario, "a", 512, 512);
        PlacedFile alias = Place(region, scenario, "b", 1, 515);
        AddressSpace one = Spawn(region, scenario, "one");
        AddressSpace other = Spawn(region, scenario, "other");
        VirtualAddress large = file.Map(one);
        VirtualAddress small = alias.Map(other, protection: Protection.Read);
        scenario.Actor("large", () =>
        {
            Assert.Equal(AccessOutcome.Done, one.Store(large.Add(3 * 4096), 7UL));
            Assert.Equal(Errno.None, one.TryUnmap(large, file.Length));
        });
        scenario.Actor("small", () =>
        {
            Assert.Equal(AccessOutcome.Done, other.Load(small, out ulong _));
            Assert.Equal(Errno.None, other.TryUnmap(small, 4096));
        });
        scenario.AtEnd(() =>
        {
            Assert.Equal(7, region.ByteAt(515));
            Assert.Equal(0, region.Descriptors);
        });
    });

    [Fact]
    public void R81_AStoreToASharedExtentAgainstAReaderAndAWriter_PartsItOnce() => Every((region, scenario) =>
    {
        PlacedFile file = Place(region, scenario, "a", 1, 8);
        file.Shared.Add(0);
        AddressSpace one = Spawn(region, scenario, "one");
        AddressSpace other = Spawn(region, scenario, "other");
        VirtualAddress here = file.Map(one);
        VirtualAddress there = file.Map(other);
        Assert.Equal(AccessOutcome.Done, one.Load(here, out ulong _));
        scenario.Actor("writer", () => Assert.Equal(AccessOutcome.Done, one.Store(here, 7UL)));
        scenario.Actor("second", () => Assert.Equal(AccessOutcome.Done, other.Store(there.Add(8), 9UL)));
        scenario.Actor("reader", () => Assert.Equal(AccessOutcome.Done, other.Load(there, out ulong _)));
        scenario.AtEnd(() =>
        {
            Assert.Equal(AccessOutcome.Done, other.Load(there, out ulong first));
            Assert.Equal(AccessOutcome.Done, one.Load(here.Add(8), out ulong second));
            Assert.Equal((7UL, 9UL), (first, second));
            Assert.Equal(0, region.ByteAt(8));
        });
    });

    [Fact]
    public void ASyncAgainstAStore_LosesNoStore() => Every((region, scenario) =>
    {
        PlacedFile file = Place(region, scenario, "a", 1, 8);
        AddressSpace space = Spawn(region, scenario, "process");
        VirtualAddress at = file.Map(space);
        Assert.Equal(AccessOutcome.Done, space.Store(at, 1UL));
        scenario.Actor("writer", () => Assert.Equal(AccessOutcome.Done, space.Store(at, 2UL)));
        scenario.Actor("sync", () => Assert.Equal(Errno.None, file.File.Sync()));
        scenario.AtEnd(() =>
        {
            // Whatever came after the sync is found by the next one.
            int before = file.Persisted.Count;
            Assert.True(before > 0);
            Assert.Equal(AccessOutcome.Done, space.Store(at, 3UL));
            Assert.Equal(Errno.None, file.File.Sync());
            Assert.True(file.Persisted.Count > before);
        });
    });

    private void Every(Action<PagelessRegion, Scenario> stage)
    {
        InterleaveReport report = Interleave.Every(scenario =>
        {
            PagelessRegion region = new(ramBytes: 4UL << 20);
            scenario.Release(region);
            stage(region, scenario);
        }, new() { Preemptions = 2, MaxRuns = 2_500, MaxShorteningRuns = 300 });
        output.WriteLine($"{report.Schedules} schedules with at most {report.Preemptions} preemptions, {report.Runs} runs, {report.Elapsed.TotalSeconds:f1} s; all: {report.IsExhausted}");
    }

    private static PlacedFile Place(PagelessRegion region, Scenario scenario, string name, ulong pages, ulong block)
    {
        PlacedFile file = region.File(name, pages).At(block);
        scenario.Release(file);
        return file;
    }

    private static AddressSpace Spawn(PagelessRegion region, Scenario scenario, string name)
    {
        AddressSpace space = new(region.Memory, name);
        scenario.Release(space);
        return space;
    }
}
