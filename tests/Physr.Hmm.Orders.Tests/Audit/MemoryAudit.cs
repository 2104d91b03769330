// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm;

namespace Physr.Hmm.Orders.Tests;

/// <summary>Recounts, from the page tables of all processes alone, what descriptors, counters and pools say, while nothing is under way.</summary>
internal sealed unsafe class MemoryAudit
{
    private readonly World _world;
    private readonly PhysicalMemory _memory;
    private readonly Dictionary<PageKey, Count> _pages = [];
    private readonly Dictionary<(int Area, ulong Slot), int> _slots = [];
    private long _tables;

    private MemoryAudit(World world)
    {
        _world = world;
        _memory = world.Memory;
    }

    public static void Check(World world)
    {
        MemoryAudit audit = new(world);
        foreach (Process process in world.Processes.Where(static process => !process.Space.IsDisposed))
        {
            audit.Walk(process.Space);
        }

        audit.CountFiles();
        audit.CountSwap();
        audit.Compare();
    }

    private void Walk(AddressSpace space)
    {
        SpaceCount count = new();
        long tables = CountTables(space.Root, level: 4);
        Assert.Equal(tables, space.PageTables);
        _tables += tables;
        foreach (VirtualMemoryArea area in space.Areas)
        {
            for (ulong address = area.StartAddress; address < area.EndAddress;)
            {
                PageEntry entry = space.EntryOf(address);
                CountEntry(area, address, entry, count);
                address += entry.IsHuge ? AddressSpace.HugeBytes : PageSize.Size4K;
            }
        }

        Assert.Equal((count.Anonymous, count.File, count.Shared, count.Swap), (space.AnonymousPages, space.FilePages, space.SharedMemoryPages, space.SwapEntries));
    }

    private void CountEntry(VirtualMemoryArea area, ulong address, PageEntry entry, SpaceCount count)
    {
        switch (entry.Kind)
        {
            case PageEntryKind.None or PageEntryKind.Marker:
            case PageEntryKind.Present when entry.IsSpecial:
                return;
            case PageEntryKind.Swap:
                count.Swap++;
                _slots[(entry.SwapArea, entry.SwapSlot)] = _slots.GetValueOrDefault((entry.SwapArea, entry.SwapSlot)) + 1;
                return;
            case PageEntryKind.Present or PageEntryKind.DevicePrivateRead or PageEntryKind.DevicePrivateWrite or PageEntryKind.DeviceExclusive:
                break;
            default:
                Assert.Fail($"0x{address:x} of {area.Space}: {entry} while nothing is under way");
                return;
        }

        Page page = _memory.PageOf(entry.Key);
        int pages = entry.IsHuge ? AddressSpace.PagesPerHuge : 1;
        if (page.Head.IsAnonymous)
        {
            count.Anonymous += pages;
            Assert.True(area.Anon is { } anon && anon.Family.Id == page.Head.Descriptor->Mapping, $"0x{address:x} of {area.Space}: no way leads back to {page}");
            Assert.Equal(area.IndexOf(address), page.Head.Descriptor->Index + (page.Key.Value - page.Head.Key.Value));
        }
        else
        {
            count.File += page.Head.Has(PageFlags.SharedMemory) ? 0 : pages;
            count.Shared += page.Head.Has(PageFlags.SharedMemory) ? pages : 0;
        }

        Of(page.Head).References++;
        if (entry.IsHuge)
        {
            Of(page.Head).Entire++;
        }
        else
        {
            Of(page).Mapped++;
        }

        bool isWritable = entry.IsWritable || entry.Kind is PageEntryKind.DevicePrivateWrite or PageEntryKind.DeviceExclusive;
        Assert.True(!isWritable || !page.Head.IsAnonymous || page.Has(PageFlags.AnonymousExclusive), $"0x{address:x} of {area.Space}: {entry} may be written, {page} is not exclusive");
        Assert.True(!isWritable || area.Has(VmFlags.Write), $"0x{address:x} of {area}: {entry} may be written");
    }

    private void CountFiles()
    {
        foreach (SharedMemoryFile file in _world.Files)
        {
            for (ulong index = 0; index < file.PageCount; index++)
            {
                if (file.TryGetPage(index, null, mayFill: false, out Page page) == Errno.None)
                {
                    _memory.Put(page);
                    Of(page).References++;
                }
            }
        }
    }

    private void CountSwap()
    {
        foreach (((int _, ulong slot), int entries) in _slots)
        {
            Assert.Equal(entries, _world.Swap!.CountOf(slot));
            if (_world.Swap.TryGetCached(slot, _memory, out Page page))
            {
                _memory.Put(page);
                Of(page).References++;
            }
        }

        Assert.Equal(_slots.Count, _memory.UsedSwapSlots);
    }

    private void Compare()
    {
        long ram = 0;
        Dictionary<TestDevice, int> devices = [];
        HashSet<PageKey> heads = [];
        foreach ((PageKey key, Count count) in _pages)
        {
            Page page = _memory.PageOf(key);
            Page head = page.Head;
            Assert.Equal((key, count.Mapped), (key, page.Descriptor->MapCount));
            Assert.False(page.Has(PageFlags.Locked), $"{page} is locked");
            Assert.True(!page.Has(PageFlags.AnonymousExclusive) || count.Mapped + count.Entire <= 1, $"{page} is exclusive");
            if (!heads.Add(head.Key))
            {
                continue;
            }

            Count whole = Of(head, add: false);
            Assert.Equal((head.ToString(), whole.References), (head.ToString(), head.References));
            Assert.Equal((head.ToString(), whole.Entire), (head.ToString(), head.Descriptor->EntireMapCount));
            Assert.Equal(0, head.Pins);
            Assert.Equal(_world.Group is not null && !head.Has(PageFlags.SharedMemory), _memory.GroupOf(head) is not null);
            if (head.IsRam)
            {
                ram += head.Pages;
            }
            else
            {
                TestDevice device = (TestDevice)_memory.DeviceOf(head).Pagemap.Owner!;
                devices[device] = devices.GetValueOrDefault(device) + head.Pages;
            }
        }

        CompareTotals(ram, devices, heads);
    }

    private void CompareTotals(long ram, Dictionary<TestDevice, int> devices, HashSet<PageKey> heads)
    {
        // The pages of zeros are nobody's.
        long zeros = 1 + (_memory.IsHugeZeroThere ? AddressSpace.PagesPerHuge : 0);
        Assert.Equal(_memory.TotalPages - _memory.FreePages - zeros, ram);
        foreach (TestDevice device in _world.Devices)
        {
            Assert.Equal((device.Name, devices.GetValueOrDefault(device)), (device.Name, device.Pool.Pages - device.Pool.FreePages));
            if (device.Pagemap.IsRegistered)
            {
                Assert.Equal(devices.GetValueOrDefault(device), device.Pagemap.UserCount);
            }
        }

        if (_world.Group is { } group)
        {
            long charged = heads.Select(_memory.PageOf).Where(head => !head.Has(PageFlags.SharedMemory)).Sum(static head => head.Pages);
            Assert.Equal(charged, group.ChargedPages);
        }

        Assert.Equal(_tables, _memory.PageTables);
    }

    private Count Of(Page page, bool add = true)
    {
        if (!_pages.TryGetValue(page.Key, out Count? count))
        {
            count = new();
            if (add)
            {
                _pages.Add(page.Key, count);
            }
        }

        return count;
    }

    private static long CountTables(ulong* table, int level)
    {
        long count = 1;
        for (int i = 0; level > 1 && i < AddressSpace.PagesPerHuge; i++)
        {
            ulong below = table[i];
            count += below != 0 && AddressSpace.IsTable(below) ? CountTables(AddressSpace.TableOf(below), level - 1) : 0;
        }

        return count;
    }

    private sealed class Count
    {
        public int Mapped;
        public int Entire;
        public int References;
    }

    private sealed class SpaceCount
    {
        public long Anonymous;
        public long File;
        public long Shared;
        public long Swap;
    }
}
