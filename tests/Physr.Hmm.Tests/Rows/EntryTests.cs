// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Reporting;
using static Physr.Hmm.Tests.HmmHost;

namespace Physr.Hmm.Tests;

/// <summary>The special entries of page tables, and what reports say of them (rows R19, R20, R26).</summary>
public sealed class EntryTests
{
    private static readonly PageEntryKind[] s_named =
    [
        PageEntryKind.HwPoison, PageEntryKind.MigrationRead, PageEntryKind.MigrationReadExclusive, PageEntryKind.MigrationWrite, PageEntryKind.DevicePrivateRead,
        PageEntryKind.DevicePrivateWrite, PageEntryKind.DeviceExclusive,
    ];

    [Fact]
    public void R19a_TheThreeDeviceKindsNameTheirPage_ByFrameAndByOffset()
    {
        PageKey[] keys = [PageKey.Of(new PageFrameNumber(1)), PageKey.Of(new PageFrameNumber((1UL << 44) - 1)), PageKey.Of(new DevicePrivateOffset(PageSize.Size2M)), PageKey.Of(new DevicePrivateOffset(1UL << 56))];
        foreach (PageEntryKind kind in s_named)
        {
            foreach (PageKey key in keys)
            {
                PageEntry entry = PageEntry.Special(kind, key);
                Assert.Equal((kind, key, false, false), (entry.Kind, entry.Key, entry.IsPresent, entry.IsNone));
                Assert.Equal(key.IsOffset, entry.Key.IsOffset);
            }
        }
    }

    [Fact]
    public void R19b_NoKindIsEverTakenForAnother()
    {
        HashSet<ulong> words = [];
        foreach (PageEntryKind kind in s_named)
        {
            PageEntry entry = PageEntry.Special(kind, new(7));
            Assert.True(words.Add(entry.Value));
            Assert.Equal(kind is PageEntryKind.DevicePrivateRead or PageEntryKind.DevicePrivateWrite, entry.IsDevicePrivate);
            Assert.Equal(kind is >= PageEntryKind.MigrationRead and <= PageEntryKind.MigrationWrite, entry.IsMigration);
            Assert.Equal(PageMarkers.None, entry.Markers);
        }

        for (int area = 0; area < PageEntry.MaxSwapAreas; area++)
        {
            PageEntry entry = PageEntry.Swap(area, 7);
            Assert.True(words.Add(entry.Value));
            Assert.Equal((PageEntryKind.Swap, area, 7UL, false), (entry.Kind, entry.SwapArea, entry.SwapSlot, entry.NamesPage));
        }

        Assert.True(words.Add(PageEntry.Marker(PageMarkers.Guard).Value));
        Assert.Equal(PageMarkers.Guard, PageEntry.Marker(PageMarkers.Guard).Markers);
        Assert.Throws<ArgumentOutOfRangeException>(() => PageEntry.Special(PageEntryKind.Swap, new(7)));
        Assert.Throws<ArgumentOutOfRangeException>(() => PageEntry.Swap(PageEntry.MaxSwapAreas, 1));
    }

    [Fact]
    public void R19c_ThereAre24SwapAreas_AndNoMore() => Run(host =>
    {
        for (int i = 0; i < 24; i++)
        {
            Assert.Equal(Errno.None, host.Memory.AddSwap(new MemorySwapStore(16), out SwapArea? area));
            Assert.Equal(i, area!.Index);
        }

        Assert.Equal(Errno.EPERM, host.Memory.AddSwap(new MemorySwapStore(16), out _));
    });

    [Theory]
    [InlineData(DeviceVariant.Private, false)]
    [InlineData(DeviceVariant.Private, true)]
    [InlineData(DeviceVariant.PrivateByRange, false)]
    public void R20a_LosingTheRightToWrite_MakesPrivateEntriesReadOnly(DeviceVariant variant, bool isHuge) => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(host.Device(variant), process);
        VirtualAddress at = isHuge ? process.MapHuge(Huge) : process.Map(Huge);
        process.Put(at, Numbers(Huge));
        mirror.MigrateAll(at, Numbers(Huge));
        MirrorReport size = isHuge ? MirrorReport.Huge : MirrorReport.None;
        Assert.Equal(MirrorReport.PrivateLocal | MirrorReport.Write | size, mirror.Snapshot(at, 1)[0]);
        process.Protect(at, Huge, Protection.Read);
        Assert.Equal(MirrorReport.PrivateLocal | MirrorReport.Read | size, mirror.Snapshot(at, 1)[0]);
        Assert.Equal(Errno.EPERM, mirror.Write(at, new byte[Page]).Errno);
        mirror.ReadAll(at, Numbers(Page));
        process.Protect(at, Huge, Protection.ReadWrite);
        Assert.Equal(MirrorReport.PrivateLocal | MirrorReport.Read | size, mirror.Snapshot(at, 1)[0]);
        Assert.Equal(Errno.None, mirror.Write(at, Numbers(Page, 9)).Errno);
        process.Expect(at, Numbers(Page, 9));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void R20b_AForkMakesBothSidesPrivateEntriesReadOnly(bool isHuge) => Run(host =>
    {
        AddressSpace parent = host.Process("parent");
        MirrorDevice device = host.Device(DeviceVariant.Private);
        ProcessMirror mirror = host.Open(device, parent);
        VirtualAddress at = isHuge ? parent.MapHuge(Huge) : parent.Map(Huge);
        parent.Put(at, Numbers(Huge));
        mirror.MigrateAll(at, Numbers(Huge));
        AddressSpace child = host.Fork(parent);
        ProcessMirror childs = host.Open(device, child);
        foreach (ProcessMirror each in (ProcessMirror[])[mirror, childs])
        {
            Assert.All(each.Snapshot(at, 512), report => Assert.Equal(MirrorReport.PrivateLocal | MirrorReport.Read, report & ~MirrorReport.Huge));
            each.ReadAll(at, Numbers(Huge));
        }

        Assert.Equal(Errno.None, childs.Write(at, Numbers(Huge, 3)).Errno);
        parent.Expect(at, Numbers(Huge));
        child.Expect(at, Numbers(Huge, 3));
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void R26_ReportsCountPrivatePagesAsThere_AndShowThemAsSwapped(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(host.Device(variant), process);
        VirtualAddress at = process.Map();
        process.Put(at, Numbers(BufferBytes));
        MemoryUsage before = process.Usage();
        long pages = process.ResidentPages;
        mirror.MigrateAll(at, Numbers(BufferBytes));

        // R26a, R27a.
        Assert.Equal((ulong)BufferBytes, process.Usage().Rss);
        Assert.Equal((before.Rss, before.Anonymous, before.Pss, 0UL), (process.Usage().Rss, process.Usage().Anonymous, process.Usage().Pss, process.Usage().Swap));
        Assert.Equal((pages, pages, 0L), (process.ResidentPages, process.AnonymousPages, process.SwapEntries));
        Assert.Contains("Rss:                4096 kB\n", ProcText.Smaps(process), StringComparison.Ordinal);

        // R26b.
        PagemapFlags flags = (PagemapFlags)process.Pagemap(at, isPrivileged: false);
        PagemapFlags expected = variant == DeviceVariant.Coherent ? PagemapFlags.Present : PagemapFlags.Swap;
        Assert.Equal(expected, flags & (PagemapFlags.Present | PagemapFlags.Swap));

        // R26c.
        const ulong Frame = (1UL << 55) - 1;
        Assert.Equal(0UL, process.Pagemap(at, isPrivileged: false) & Frame);
        Assert.NotEqual(0UL, process.Pagemap(at, isPrivileged: true) & Frame);
        process.Expect(at, Numbers(BufferBytes));
    });

    [Fact]
    public void R26c_AnOffsetIsNeverShownAsAFrame() => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(host.Device(DeviceVariant.Private), process);
        VirtualAddress at = process.Map(Page);
        process.Put(at, Numbers(Page));
        mirror.MigrateAll(at, Numbers(Page));
        Assert.Equal(0UL, (process.Pagemap(at) & ((1UL << 55) - 1)) >> 5);
    });
}
