// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Memory.Tests.TestMemory;

namespace Physr.Memory.Tests;

public sealed class DevicePageTests
{
    private static readonly PageFrameNumber First = new PhysicalAddress(GiB).Frame;

    [Theory]
    [InlineData(MemoryType.DevicePrivate)]
    [InlineData(MemoryType.DeviceCoherent)]
    public void R11a_TheFreeCallbackComesOnceAtTheLastReference(MemoryType type)
    {
        MemoryMap map = new();
        List<DevicePage> freed = [];
        Pagemap pagemap = Filled(type, Range(GiB, 2 * MiB));
        pagemap.FolioFree = freed.Add;
        Assert.Equal(Errno.None, map.Register(pagemap));
        Assert.Equal(Errno.None, pagemap.InitializePage(First, 0, out DevicePage page));
        page.Descriptor.Mapping = 7;
        page.Set(PageFlags.AnonymousExclusive);
        Assert.True(page.TryGet());
        Assert.False(page.Put());
        Assert.Empty(freed);
        Assert.True(page.Put());
        Assert.Equal([page], freed);
        Assert.Equal(0UL, page.Descriptor.Mapping);
        Assert.Equal(PageFlags.None, page.Flags & PageFlags.AnonymousExclusive);
        Assert.Throws<PhysrException>(() => page.Put());
        Assert.False(page.TryGet());
        Assert.Single(freed);
        map.Unregister(pagemap);
    }

    [Fact]
    public void R11b_AGenericPageGoesBackToOneReference_AndKeepsItsMapping()
    {
        MemoryMap map = new();
        Pagemap pagemap = map.Registered(MemoryType.Generic, Range(GiB, 2 * MiB));
        Assert.True(pagemap.TryGetPage(First, out DevicePage page));
        page.Descriptor.Mapping = 7;
        Assert.Equal(1, page.ReferenceCount);
        Assert.True(page.TryGet());
        Assert.Equal(2, page.ReferenceCount);
        Assert.True(page.Put());
        Assert.Equal(1, page.ReferenceCount);
        Assert.True(page.Put());
        Assert.Equal(1, page.ReferenceCount);
        Assert.Equal(7UL, page.Descriptor.Mapping);
        map.Unregister(pagemap);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(9)]
    public void R11c_AFreeOfALargePrivatePageDropsAReferencePerSmallOne(int order)
    {
        MemoryMap map = new();
        int freed = 0;
        Pagemap pagemap = Filled(MemoryType.DevicePrivate, Range(GiB, 4 * MiB));
        pagemap.FolioFree = page => freed += 1 << page.Order;
        Assert.Equal(Errno.None, map.Register(pagemap));
        Assert.Equal(Errno.None, pagemap.InitializePage(First.Add(512), order, out DevicePage head));
        Assert.Equal(1L << order, pagemap.UserCount);
        if (order != 0)
        {
            Assert.True(pagemap.TryGetPage(First.Add(513), out DevicePage tail));
            Assert.Equal(head, tail.Head);
            Assert.True(tail.TryGet());
            Assert.Equal(2, head.ReferenceCount);
            Assert.False(tail.Put());
        }

        Assert.True(head.Put());
        Assert.Equal(1 << order, freed);
        Assert.Equal(0, pagemap.UserCount);
        map.Unregister(pagemap);
    }

    [Fact]
    public void R11_AFileSystemPageWakesWhoWaitsForItsIdleness()
    {
        MemoryMap map = new();
        Pagemap pagemap = Filled(MemoryType.FsDax, Range(GiB, 2 * MiB));
        int idle = 0;
        pagemap.PageIdle = _ => idle++;
        Assert.Equal(Errno.None, map.Register(pagemap));
        Assert.True(pagemap.TryGetPage(First, out DevicePage page));
        page.Descriptor.Mapping = 7;
        Assert.Equal(0, page.ReferenceCount);
        Assert.True(page.TryGet());
        Assert.True(page.TryGet());
        page.Put();
        Assert.Equal(0, idle);
        page.Put();
        Assert.Equal(1, idle);
        Assert.Equal(7UL, page.Descriptor.Mapping);
        map.Unregister(pagemap);
    }

    [Fact]
    public void R12a_AFreshPageHasOneReferenceAndIsLocked()
    {
        MemoryMap map = new();
        Pagemap pagemap = map.Registered(MemoryType.DevicePrivate, Range(GiB, 2 * MiB));
        Assert.Equal(Errno.None, pagemap.InitializePage(First, 0, out DevicePage page));
        Assert.Equal(1, page.ReferenceCount);
        Assert.False(page.TryLock());
        page.Unlock();
        Assert.Throws<PhysrException>(() => page.Unlock());
        Assert.True(page.TryLock());
        Assert.Equal(Errno.EBUSY, pagemap.InitializePage(First, 0, out _));
        page.Put();
        map.Unregister(pagemap);
    }

    [Fact]
    public void R12b_NothingOfALargePagePastStays()
    {
        MemoryMap map = new();
        Pagemap pagemap = map.Registered(MemoryType.DevicePrivate, Range(GiB, 2 * MiB));
        Assert.Equal(Errno.None, pagemap.InitializePage(First, 3, out DevicePage large));
        large.Set(PageFlags.Dirty);
        large.Descriptor.DriverData = 99;
        Assert.Equal(Errno.EBUSY, pagemap.InitializePage(First.Add(3), 0, out _));
        large.Put();

        // The head and the tails of the freed large page each become a page of their own.
        foreach (ulong i in new ulong[] { 0, 3 })
        {
            Assert.Equal(Errno.None, pagemap.InitializePage(First.Add(i), 0, out DevicePage single));
            Assert.Equal(PageFlags.Locked, single.Flags);
            Assert.Equal(0, single.Order);
            Assert.Equal(0UL, single.Descriptor.DriverData);
            Assert.Equal(single, single.Head);
        }

        Assert.Equal(Errno.EBUSY, pagemap.InitializePage(First, 3, out _));
        Assert.Equal(2, pagemap.UserCount);
    }

    [Fact]
    public void R12c_NoPageOfAKilledPagemap()
    {
        MemoryMap map = new();
        Pagemap pagemap = map.Registered(MemoryType.DevicePrivate, Range(GiB, 2 * MiB));
        map.BeginUnregister(pagemap);
        Assert.Equal(Errno.ENODEV, pagemap.InitializePage(First, 0, out _));
        map.Unregister(pagemap);
        Assert.Equal(Errno.ENODEV, pagemap.InitializePage(First, 0, out _));
    }

    [Fact]
    public void R12_OnlyAlignedFramesOfPrivateAndCoherentMemory()
    {
        MemoryMap map = new();
        Pagemap pagemap = map.Registered(MemoryType.DevicePrivate, Range(GiB, 2 * MiB));
        Assert.Equal(Errno.EINVAL, pagemap.InitializePage(First.Add(1), 1, out _));
        Assert.Equal(Errno.EINVAL, pagemap.InitializePage(First, 10, out _));
        Assert.Equal(Errno.EINVAL, pagemap.InitializePage(First.Add(512), 0, out _));
        Assert.Equal(Errno.EINVAL, pagemap.InitializePage(First, -1, out _));
        Assert.Equal(Errno.EINVAL, pagemap.InitializePage(new DevicePrivateOffset(GiB), 0, out _));
        map.Unregister(pagemap);
        Pagemap generic = map.Registered(MemoryType.Generic, Range(GiB, 2 * MiB));
        Assert.Equal(Errno.EINVAL, generic.InitializePage(First, 0, out _));
        map.Unregister(generic);
    }

    [Fact]
    public void ASplitTellsOfEachNewPage()
    {
        MemoryMap map = new();
        Pagemap pagemap = Filled(MemoryType.DevicePrivate, Range(GiB, 2 * MiB));
        List<DevicePage> tails = [];
        int freed = 0;
        pagemap.FolioSplit = (_, tail) => tails.Add(tail);
        pagemap.FolioFree = _ => freed++;
        Assert.Equal(Errno.None, map.Register(pagemap));
        Assert.Equal(Errno.None, pagemap.InitializePage(First, 2, out DevicePage head));
        head.Descriptor.Mapping = 5;
        head.TryGet();
        Assert.Equal(Errno.EAGAIN, pagemap.SplitPage(head));
        head.Put();
        Assert.Equal(Errno.None, pagemap.SplitPage(head));
        Assert.Equal(3, tails.Count);
        Assert.All(tails, tail => Assert.Equal((1, 5UL, tail), (tail.ReferenceCount, tail.Descriptor.Mapping, tail.Head)));
        Assert.Equal(Errno.EINVAL, pagemap.SplitPage(head));
        tails.ForEach(tail => tail.Put());
        head.Put();
        Assert.Equal(4, freed);
        map.Unregister(pagemap);
        AssertNothingLeft(map);
    }

    [Fact]
    public async Task ReferencesFromManyThreadsAddUp()
    {
        MemoryMap map = new();
        int freed = 0;
        Pagemap pagemap = Filled(MemoryType.DevicePrivate, Range(GiB, 2 * MiB));
        pagemap.FolioFree = _ => Interlocked.Increment(ref freed);
        Assert.Equal(Errno.None, map.Register(pagemap));
        Assert.Equal(Errno.None, pagemap.InitializePage(First, 0, out DevicePage page));
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 20_000; i++)
            {
                Assert.True(page.TryGet());
                Assert.False(page.Put());
            }
        })));
        Assert.Equal(1, page.ReferenceCount);
        Assert.True(page.Put());
        Assert.Equal(1, freed);
        map.Unregister(pagemap);
    }
}
