// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using static Physr.Hmm.Tests.HmmHost;

namespace Physr.Hmm.Tests;

/// <summary>Drivers that misbehave: each is named, the process keeps its bytes, and nothing leaks (which every test's end checks).</summary>
public sealed class HostileTests
{
    private const int Few = 16;

    private delegate void Test(HmmHost host, AddressSpace process, MirrorDevice device, ProcessMirror mirror, VirtualAddress at);

    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, Few)]
    [InlineData(true, 512)]
    public void ACallbackThatThrows_IsABusError(bool isHuge, int pages) => WithMigrated(isHuge, pages, (host, process, device, _, at) =>
    {
        device.OnFault = _ => throw new InvalidOperationException("the device is on fire");
        Assert.Equal(AccessOutcome.BusError, process.Load(at, out int _));
        Warned(host, "the device is on fire");
        device.OnFault = _ => throw new OutOfMemoryException();
        Assert.Equal(AccessOutcome.OutOfMemory, process.Load(at, out int _));
        Warned(host, "OutOfMemoryException");
        device.OnFault = null;
        process.Expect(at, Numbers(pages * Page));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ACallbackThatSaysItServedAndDidNot_IsABusErrorInTheEnd(bool isHuge) => WithMigrated(isHuge, isHuge ? 512 : Few, (host, process, device, mirror, at) =>
    {
        device.OnFault = _ => FaultOutcome.Served;
        Assert.Equal(AccessOutcome.BusError, process.Store(at, 1));
        Warned(host, "says 64 times that it served");
        Assert.Equal(Errno.EFAULT, process.TryPin(at, Page, PinFlags.Write, out _));
        Assert.Equal(Errno.EFAULT, process.TryAdvise(at, Page, MemoryAdvice.PopulateRead));
        ProcessMirror other = host.Open(host.Device(DeviceVariant.Private), process);
        Assert.Equal(Errno.EFAULT, other.Read(at, new byte[Page]).Errno);
        mirror.ReadAll(at, Numbers(Few * Page));
        device.OnFault = null;
        process.Expect(at, Numbers(Few * Page));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ACallbackThatUnlocksThePage_IsNamed(bool isHuge) => WithMigrated(isHuge, isHuge ? 512 : Few, (host, process, device, _, at) =>
    {
        device.OnFault = fault =>
        {
            fault.Page.Head.Unlock();
            return FaultOutcome.Served;
        };
        Assert.Equal(AccessOutcome.BusError, process.Load(at, out int _));
        Warned(host, "unlocked a page that the fault holds");
        device.OnFault = null;
        process.Expect(at, Numbers(Few * Page));
    });

    [Fact]
    public void ACallbackThatBlocks_HoldsUpNobodyElse() => WithMigrated(isHuge: false, Few, (_, process, device, _, at) =>
    {
        using ManualResetEventSlim inside = new();
        using ManualResetEventSlim goOn = new();
        device.OnFault = fault =>
        {
            if (fault.Address.Value < at.Value + Page)
            {
                inside.Set();
                goOn.Wait();
            }

            return null;
        };
        Thread blocked = new(() => process.Expect(at, Numbers(Page)));
        blocked.Start();
        inside.Wait();
        process.Expect(at.Add(Page), Numbers(Few * Page).AsSpan(Page));
        Assert.Equal(Errno.None, process.TryPin(at.Add(Page), Page, PinFlags.Write, out PinnedMemory? pinned));
        pinned!.Dispose();
        Assert.True(blocked.IsAlive);
        goOn.Set();
        blocked.Join();
    });

    [Theory]
    [InlineData("another device's")]
    [InlineData("RAM in use")]
    [InlineData("twice")]
    [InlineData("unlocked")]
    [InlineData("large said to be small")]
    [InlineData("small said to be large")]
    [InlineData("free RAM")]
    [InlineData("no page")]
    [InlineData("page of zeros")]
    public void ADestinationThatIsNotTheDriversToGive_IsNamedAndNotUsed(string kind) => WithPages((host, process, device, _, at) =>
    {
        MirrorDevice other = host.Device(DeviceVariant.Private);
        PageFrameNumber inUse = process.FrameOf(at.Add(10 * Page));
        VirtualAddress zero = process.Map(Page);
        process.Expect(zero, new byte[Page]);
        AreaMigration migration = new(host.Memory, device);
        Assert.Equal(Errno.None, migration.Setup(process, new(at, 4 * Page), MigrateSelect.System));
        int moves = 0;
        switch (kind)
        {
            case "another device's":
                Assert.Equal(Errno.None, other.Pool.TryTake(0, out DevicePage foreign));
                migration.Destinations[0] = MigrateFrame.Of(foreign);
                break;
            case "RAM in use":
                migration.Destinations[0] = MigrateFrame.Of(inUse);
                break;
            case "twice":
                Assert.Equal(Errno.None, device.Pool.TryTake(0, out DevicePage once));
                Numbers(Page).CopyTo(device.BytesOf(PageKey.Of(once)));
                migration.Destinations[0] = MigrateFrame.Of(once);
                migration.Destinations[1] = MigrateFrame.Of(once);
                moves = 1;
                break;
            case "unlocked":
                Assert.Equal(Errno.None, device.Pool.TryTake(0, out DevicePage open));
                open.Unlock();
                migration.Destinations[0] = MigrateFrame.Of(open);
                migration.Migrate();
                migration.Complete();
                open.Put();
                Warned(host, "is not locked and held");
                process.Expect(at, Numbers(Few * Page));
                return;
            case "large said to be small":
                Assert.Equal(Errno.None, device.Pool.TryTake(9, out DevicePage large));
                migration.Destinations[0] = MigrateFrame.Of(large);
                break;
            case "small said to be large":
                Assert.Equal(Errno.None, device.Pool.TryTake(0, out DevicePage small));
                migration.Destinations[0] = MigrateFrame.Of(small, MigrateFlags.Valid | MigrateFlags.Compound);
                break;
            case "free RAM":
                Assert.Equal(Errno.None, host.Memory.TryAllocateForMove(0, out PageFrameNumber free));
                host.Memory.FreeUnmoved(free);
                migration.Destinations[0] = MigrateFrame.Of(free);
                break;
            case "no page":
                migration.Destinations[0] = MigrateFrame.Of(new PageFrameNumber(1UL << 40));
                migration.Destinations[1] = MigrateFrame.Of(new PageKey((1UL << 47) | 1));
                break;
            default:
                migration.Destinations[0] = MigrateFrame.Of(process.FrameOf(zero));
                break;
        }

        migration.Migrate();
        Assert.Equal(moves, migration.Sources.ToArray().Count(each => each.Moves));
        migration.Complete();
        Assert.NotEmpty(host.Warnings);
        Warned(host, "migrate: destination");
        process.Expect(at, Numbers(Few * Page));
        Assert.Equal(other.Pool.Pages, other.Pool.FreePages);
    });

    [Fact]
    public void ADriverThatCompletesWithoutMigrating_OrMigratesTwice_OrChangesItsMind_LosesNothing() => WithPages((host, process, device, _, at) =>
    {
        AreaMigration migration = new(host.Memory, device);
        Begin(host, process, device, migration, at);
        migration.Complete();
        process.Expect(at, Numbers(Few * Page));
        Assert.Equal(device.Pool.Pages, device.Pool.FreePages);
        Begin(host, process, device, migration, at);
        migration.Migrate();
        migration.Migrate();
        Warned(host, "migrated already");
        migration.Destinations.Clear();
        migration.Complete();
        Assert.Equal(device.Pool.Pages - 4, device.Pool.FreePages);
        process.Expect(at, Numbers(Few * Page));
        migration.Complete();
        migration.Migrate();
    });

    [Fact]
    public void ADestinationWhereNothingMoves_IsGivenBack_OrNamedWhereItIsInUse() => WithPages((host, process, device, _, at) =>
    {
        AreaMigration migration = new(host.Memory, device);
        Assert.Equal(Errno.None, process.TryPin(at, Page, PinFlags.Write, out PinnedMemory? pinned));
        PageFrameNumber inUse = process.FrameOf(at.Add(10 * Page));
        Assert.Equal(Errno.None, migration.Setup(process, new(at, 2 * Page), MigrateSelect.System));
        Assert.False(migration.Sources[0].Moves);
        migration.Destinations[0] = MigrateFrame.Of(inUse);
        migration.Migrate();
        migration.Complete();
        Warned(host, "is not locked and held");
        Assert.Equal(Errno.None, migration.Setup(process, new(at, 2 * Page), MigrateSelect.System));
        Assert.Equal(Errno.None, device.Pool.TryTake(0, out DevicePage own));
        migration.Destinations[0] = MigrateFrame.Of(own);
        migration.Migrate();
        migration.Complete();
        Assert.Equal(device.Pool.Pages, device.Pool.FreePages);
        pinned!.Dispose();
        process.Expect(at, Numbers(Few * Page));
    });

    [Theory]
    [InlineData(null)]
    [InlineData(false)]
    public void AMirrorWhoseCallbackThrowsOrRefuses_StopsNoChange(bool? answer) => WithPages((host, process, _, _, at) =>
    {
        using CountingNotifier notifier = new(process, new(at, Few * Page)) { Answer = answer };
        process.Unmap(at, Page);
        process.Protect(at.Add(Page), Page, Protection.Read);
        Warned(host, "CountingNotifier");
        ulong sequence = notifier.ReadBegin();
        Assert.False(notifier.ReadRetry(sequence));
        process.Expect(at.Add(Page), Numbers(Few * Page).AsSpan(Page));
        host.End(process);
        host.Warnings.Clear();
    });

    [Fact]
    public void APageFreedTwice_IsNamed() => WithPages((_, _, device, _, _) =>
    {
        Assert.Equal(Errno.None, device.Pool.TryTake(0, out DevicePage page));
        page.Unlock();
        page.Put();
        Assert.Contains("is free already", Assert.Throws<PhysrException>(() => device.Pool.Return(page)).Message, StringComparison.Ordinal);
        Assert.Throws<PhysrException>(() => page.Put());
        device.Pool.Touch(page);
        Assert.Equal(device.Pool.Pages, device.Pool.FreePages);
        Assert.Equal(Errno.None, device.Pool.TryTake(9, out DevicePage large));
        large.Unlock();
        large.Put();
    });

    [Fact]
    public void RunsOfADeviceThatAreNotTheOwners_AreRefused() => WithMigrated(isHuge: false, Few, (host, process, device, _, at) =>
    {
        MirrorDevice other = host.Device(DeviceVariant.Private);
        DeviceMigration eviction = new(host.Memory, other);
        Assert.Equal(Errno.EINVAL, eviction.SetupRange(device.First, 4));
        Assert.Equal(Errno.EINVAL, eviction.SetupRange(other.First, other.Pool.Pages + 1));
        Assert.Equal(Errno.EINVAL, eviction.SetupRange(PageKey.Of(new PageFrameNumber(1 << 18)), 1));
        Assert.Equal(Errno.EINVAL, eviction.SetupPages([]));
        Assert.Throws<ArgumentOutOfRangeException>(() => eviction.SetupRange(other.First, 0));
        Assert.Equal(Errno.None, eviction.SetupPages([device.First, PageKey.Of(new PageFrameNumber(1 << 18)), new(1UL << 40), other.First]));
        Assert.Equal(0, eviction.Collected);
        eviction.Migrate();
        eviction.Complete();
        process.Expect(at, Numbers(Few * Page));
    });

    private static void Begin(HmmHost host, AddressSpace process, MirrorDevice device, AreaMigration migration, VirtualAddress at)
    {
        Assert.Equal(Errno.None, migration.Setup(process, new(at, 4 * Page), MigrateSelect.System));
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(Errno.None, device.Pool.TryTake(0, out DevicePage page));
            host.Memory.BytesAt(migration.Sources[i].Key.Frame).CopyTo(device.BytesOf(PageKey.Of(page)));
            migration.Destinations[i] = MigrateFrame.Of(page);
        }
    }

    private static void Warned(HmmHost host, string what)
    {
        Assert.Contains(host.Warnings, text => text.Contains(what, StringComparison.Ordinal));
        host.Warnings.Clear();
    }

    private static void WithPages(Test test) => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice device = host.Device(DeviceVariant.Private);
        VirtualAddress at = process.Map(Few * Page);
        process.Put(at, Numbers(Few * Page));
        test(host, process, device, host.Open(device, process), at);
    });

    private static void WithMigrated(bool isHuge, int pages, Test test) => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice device = host.Device(DeviceVariant.Private);
        VirtualAddress at = isHuge ? process.MapHuge(Huge) : process.Map((ulong)(pages * Page));
        process.Put(at, Numbers(pages * Page));
        ProcessMirror mirror = host.Open(device, process);
        mirror.MigrateAll(at, Numbers(pages * Page));
        test(host, process, device, mirror, at);
    });
}
