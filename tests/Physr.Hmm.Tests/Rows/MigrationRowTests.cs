// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using static Physr.Hmm.Tests.HmmHost;

namespace Physr.Hmm.Tests;

/// <summary>The steps of a migration one by one (rows R34 to R39).</summary>
public sealed class MigrationRowTests
{
    private delegate void Test(HmmHost host, AddressSpace process, MirrorDevice device, AreaMigration migration, VirtualAddress at);

    [Fact]
    public void R34a_WhatIsNoRangeOfOneArea_IsRefused() => With(DeviceVariant.Private, (host, process, _, migration, at) =>
    {
        process.Unmap(at.Add(4 * Page), Page);
        DeviceFile registers = host.Last(new DeviceFile(host.Memory, "/dev/bar", new(new(0xf000_0000), Page)));
        Assert.Equal(Errno.None, process.TryMap(new(Page, Protection.ReadWrite) { File = registers, IsShared = true }, out VirtualAddress bar));
        Pagemap pmem = new() { Type = MemoryType.FsDax, Name = "pmem0" };
        pmem.Ranges.Add(new(new(32UL << 30), PageSize.Size2M));
        Assert.Equal(Errno.None, host.Memory.Map.Register(pmem));
        DaxFile dax = new(host.Memory, "/mnt/dax", pmem, pmem.Ranges[0].Start.Frame, Page);
        Assert.Equal(Errno.None, process.TryMap(new(Page, Protection.ReadWrite) { File = dax, IsShared = true }, out VirtualAddress direct));
        (VirtualAddress Start, ulong Length)[] wrong =
        [
            (at, 0), (at.Add(1), Page), (at, Page + 1), (at.Add(3 * Page), 2 * Page), (at.Add(4 * Page), Page), (bar, Page), (direct, Page),
            (new(AddressSpace.End - Page), 2 * Page), (default, Page), (new(ulong.MaxValue - (3 * Page) + 1), 2 * Page),
        ];
        foreach ((VirtualAddress start, ulong length) in wrong)
        {
            Assert.Equal(Errno.EINVAL, migration.Setup(process, new(start, length), MigrateSelect.System));
            Assert.Equal((0, 0), (migration.Count, migration.Collected));
        }

        Run(other => Assert.Equal(Errno.EINVAL, migration.Setup(other.Process(), new(at, Page), MigrateSelect.System)));
        Assert.Equal(Errno.None, migration.Setup(process, new(at, Page), MigrateSelect.System));
        Assert.Throws<PhysrException>(() => migration.Setup(process, new(at, Page), MigrateSelect.System));
        migration.Complete();
        process.Unmap(direct, Page);
        dax.Dispose();
        host.Memory.Map.Unregister(pmem);
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void R34b_HolesAndZerosAreFilled(DeviceVariant variant) => With(variant, (host, process, device, migration, at) =>
    {
        process.Advise(at, Page, MemoryAdvice.DontNeed);
        process.Advise(at.Add(Page), Page, MemoryAdvice.DontNeed);
        process.Expect(at.Add(Page), new byte[Page]);
        Assert.Equal(Errno.None, migration.Setup(process, new(at, 3 * Page), MigrateSelect.System));
        Assert.Equal([(false, true), (false, true), (true, true)], migration.Sources.ToArray().Select(each => (each.IsValid, each.Moves)));
        migration.Complete();
        ProcessMirror mirror = host.Open(device, process);
        byte[] expected = Numbers(3 * Page);
        expected.AsSpan(0, 2 * Page).Clear();
        mirror.MigrateAll(at, expected);
        process.Expect(at, expected);
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void R34c_APinnedPageStays(DeviceVariant variant) => With(variant, (host, process, device, migration, at) =>
    {
        Assert.Equal(Errno.None, process.TryPin(at.Add(3 * Page), Page, PinFlags.Write, out PinnedMemory? pinned));
        Assert.Equal(Errno.None, process.TryPin(at.Add(5 * Page), Page, PinFlags.ReferenceOnly, out PinnedMemory? held));
        Assert.Equal(Errno.None, migration.Setup(process, new(at, 8 * Page), MigrateSelect.System));
        Assert.Equal((6, false, false), (migration.Collected, migration.Sources[3].Moves, migration.Sources[5].Moves));
        migration.Complete();
        ProcessMirror mirror = host.Open(device, process);
        Assert.Equal((Errno.ENOENT, 3), (mirror.MigrateToDevice(at, new byte[8 * Page]) is var result ? result.Errno : default, result.Pages));
        Assert.True(process.IsPresent(at.Add(3 * Page)));
        pinned!.Dispose();
        held!.Dispose();
        mirror.MigrateAll(at, Numbers(8 * Page));
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void R35a_AHoleThatTheCpuFillsMeanwhile_StaysTheCpus(DeviceVariant variant) => With(variant, (host, process, device, migration, at) =>
    {
        process.Advise(at, 8 * Page, MemoryAdvice.DontNeed);
        process.EnterRead();
        Assert.Equal(Errno.None, migration.Setup(process, new(at, 2 * Page), MigrateSelect.System));
        process.Put(at, Numbers(Page, 7));
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(Errno.None, device.Pool.TryTake(0, out DevicePage page));
            device.BytesOf(PageKey.Of(page)).Clear();
            migration.Destinations[i] = MigrateFrame.Of(page);
        }

        migration.Migrate();
        Assert.Equal((false, true), (migration.Sources[0].Moves, migration.Sources[1].Moves));
        migration.Complete();
        process.ExitRead();
        Assert.Equal(device.Pool.Pages - 1, device.Pool.FreePages);
        process.Expect(at, Numbers(Page, 7));
        process.Expect(at.Add(Page), new byte[Page]);
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void R35b_R35c_WithoutADestinationAPageStays_AndNobodyHoldsIt(DeviceVariant variant) => With(variant, (host, process, device, migration, at) =>
    {
        PageFrameNumber[] before = [.. Enumerable.Range(0, 8).Select(i => process.FrameOf(at.Add((ulong)(i * Page))))];
        Assert.Equal(Errno.None, migration.Setup(process, new(at, 8 * Page), MigrateSelect.System));
        Assert.Equal(8, migration.Collected);
        Assert.False(process.IsPresent(at));
        migration.Migrate();
        Assert.DoesNotContain(migration.Sources.ToArray(), each => each.Moves);
        migration.Complete();
        Assert.Equal(before, Enumerable.Range(0, 8).Select(i => process.FrameOf(at.Add((ulong)(i * Page)))));
        long free = host.Memory.FreePages;
        process.Put(at, Numbers(8 * Page, 1));
        Assert.Equal(free, host.Memory.FreePages);
        host.Open(device, process).MigrateAll(at, Numbers(8 * Page, 1));
    });

    [Fact]
    public void R36a_EachMaskTakesItsOwn_AndNobodyTakesAnothersPages()
    {
        foreach ((MigrateSelect select, int[] expected) in ((MigrateSelect, int[])[])
            [(MigrateSelect.System, [0, 1]), (MigrateSelect.DevicePrivate, [2]), (MigrateSelect.DeviceCoherent, []), (MigrateSelect.None, []), (MigrateSelect.System | MigrateSelect.DevicePrivate, [0, 1, 2])])
        {
            Run(host =>
            {
                AddressSpace process = host.Process();
                MirrorDevice own = host.Device(DeviceVariant.Private);
                VirtualAddress at = process.Map(5 * Page);
                process.Put(at.Add(Page), Numbers(4 * Page));
                host.Open(own, process).MigrateAll(at.Add(2 * Page), Numbers(4 * Page).AsSpan(Page, Page));
                host.Open(host.Device(DeviceVariant.Private), process).MigrateAll(at.Add(3 * Page), Numbers(4 * Page).AsSpan(2 * Page, Page));
                host.Open(host.Device(DeviceVariant.Coherent), process).MigrateAll(at.Add(4 * Page), Numbers(4 * Page).AsSpan(3 * Page, Page));
                AreaMigration migration = new(host.Memory, own);
                Assert.Equal(Errno.None, migration.Setup(process, new(at, 5 * Page), select));
                Assert.Equal(expected, Enumerable.Range(0, 5).Where(i => migration.Sources[i].Moves));
                Assert.Equal(expected.Length, migration.Collected);
                migration.Complete();
                process.Expect(at.Add(Page), Numbers(4 * Page));
            });
        }
    }

    [Theory]
    [ClassData(typeof(Variants))]
    public void R37a_PagesOfFilesNeverMove(DeviceVariant variant) => With(variant, (host, process, device, migration, _) =>
    {
        StoredFile file = host.Last(new StoredFile(host.Memory, "/tmp/file", new MemoryStore(Numbers(4 * Page))));
        Assert.Equal(Errno.None, process.TryMap(new(4 * Page, Protection.ReadWrite) { File = file }, out VirtualAddress at));
        process.Expect(at, Numbers(4 * Page));
        Assert.Equal(AccessOutcome.Done, process.Store(at, 0));
        ProcessMirror mirror = host.Open(device, process);
        Assert.Equal(1, mirror.MigrateToDevice(at, new byte[4 * Page]).Pages);
        Assert.Equal(device.Pool.Pages - 1, device.Pool.FreePages);
        process.Expect(at.Add(Page), Numbers(4 * Page).AsSpan(Page));
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void R38b_ManySmallPagesDoNotBecomeALargeOne(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice device = host.Device(variant);
        AreaMigration migration = new(host.Memory, device);
        VirtualAddress at = process.Map(Huge);
        process.Put(at, Numbers(Huge));
        Assert.Equal(Errno.None, migration.Setup(process, new(at, Huge), MigrateSelect.System | MigrateSelect.Compound));
        Assert.Equal(512, migration.Collected);
        Assert.Equal(Errno.None, device.Pool.TryTake(9, out DevicePage page));
        migration.Destinations[0] = MigrateFrame.Of(page, MigrateFlags.Valid | MigrateFlags.Compound);
        migration.Migrate();
        Assert.False(migration.Sources[0].Moves);
        migration.Complete();
        Assert.Equal(device.Pool.Pages, device.Pool.FreePages);
        process.Expect(at, Numbers(Huge));
    });

    [Theory]
    [InlineData(DeviceVariant.Private, false)]
    [InlineData(DeviceVariant.Private, true)]
    [InlineData(DeviceVariant.PrivateByRange, true)]
    [InlineData(DeviceVariant.Coherent, false)]
    [InlineData(DeviceVariant.Coherent, true)]
    public void R39_AllPagesComeHome_WhoeverMapsThem_WithTheirBytes(DeviceVariant variant, bool isHuge) => Run(host =>
    {
        AddressSpace parent = host.Process("parent");
        MirrorDevice device = host.Device(variant);
        ProcessMirror mirror = host.Open(device, parent);
        VirtualAddress at = isHuge ? parent.MapHuge(2 * Huge) : parent.Map(2 * Huge);
        parent.Put(at, Numbers(2 * Huge));
        mirror.MigrateAll(at, Numbers(2 * Huge));
        AddressSpace child = host.Fork(parent);
        AddressSpace other = host.Process("other");
        VirtualAddress elsewhere = other.Map(Huge);
        other.Put(elsewhere, Numbers(Huge, 77));
        host.Open(device, other).MigrateAll(elsewhere, Numbers(Huge, 77));
        parent.Unmap(at.Add(Huge + (3 * Page)), Page);
        PageKey[] oldest = new PageKey[1024 + 512];
        int count = device.Pool.Oldest(oldest);
        Assert.Equal(isHuge ? 2 + 512 : 1536, count);
        Assert.Equal(0, device.EvictAll());
        Assert.Equal(device.Pool.Pages, device.Pool.FreePages);
        Assert.Equal(0, device.FaultsServed);
        child.Expect(at, Numbers(2 * Huge));
        parent.Expect(at, Numbers(Huge));
        other.Expect(elsewhere, Numbers(Huge, 77));
        Assert.Equal(0, device.FaultsServed);
    });

    private static void With(DeviceVariant variant, Test test) => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice device = host.Device(variant);
        VirtualAddress at = process.Map(8 * Page);
        process.Put(at, Numbers(8 * Page));
        test(host, process, device, new(host.Memory, device), at);
    });
}
