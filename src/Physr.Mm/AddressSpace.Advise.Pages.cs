// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <content>Advice about the pages themselves: lazily freed ones, guards, reading ahead.</content>
public sealed unsafe partial class AddressSpace
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.

    /// <summary>Visits the entries of a range, at 4 KiB: 2 MiB entries are broken first, tables are made where asked.</summary>
    private Errno ForEachEntry(VirtualMemoryArea area, ulong start, ulong end, bool makeTables, EntryAction action)
    {
        ulong next;
        for (ulong address = start; address < end; address = next)
        {
            next = Math.Min(end, (address | (HugeBytes - 1)) + 1);
            ulong* pmd = makeTables ? MakePmdOf(address) : PmdOf(address);
            if (pmd == null)
            {
                if (makeTables)
                {
                    return Errno.ENOMEM;
                }

                continue;
            }

            if (*pmd != 0 && !IsTable(*pmd) && !TrySplitHuge(area, pmd, address))
            {
                return Errno.ENOMEM;
            }

            ulong* table = makeTables ? MakeTable(pmd, out _) : TableBelow(pmd);
            if (table == null)
            {
                if (makeTables)
                {
                    return Errno.ENOMEM;
                }

                continue;
            }

            ref int tableLock = ref LockOf(table);
            WordLock.Enter(ref tableLock, "page table lock");
            for (ulong each = address; each < next; each += PageSize.Size4K)
            {
                action(EntryAt(table, each));
            }

            WordLock.Exit(ref tableLock);
        }

        return Errno.None;
    }

    private unsafe delegate void EntryAction(ulong* at);

    /// <summary>Pages of its own become clean: if nobody writes them again they may go. Those that others see too are left alone, and so are parts of large pages.</summary>
    private Errno LazyFree(VirtualMemoryArea area, ulong start, ulong end)
    {
        NotifyStart(start, end - start, NotifierEvent.Clear);
        Errno errno = ForEachEntry(area, start, end, makeTables: false, at =>
        {
            PageEntry entry = new(*at);
            if (entry.Kind == PageEntryKind.Swap)
            {
                ReleaseSwap(entry);
                CountSwap(-1);
                Volatile.Write(ref *at, 0);
            }
            else if (entry.IsPresent && !entry.IsSpecial)
            {
                Page page = Memory.PageOf(entry.Key);

                // One that is locked is on its way to swap or to a device: who writes it out tells by the dirty bit whether the bytes that he has are the last ones.
                bool isOthersToo = page.Has(PageFlags.Dirty | PageFlags.SwapCache) && page.MapCount != 1;
                if (page.IsAnonymous && !isOthersToo && !page.Has(PageFlags.Locked | PageFlags.SwapCache | PageFlags.Head | PageFlags.Tail) && page.IsRam)
                {
                    page.Clear(PageFlags.Dirty);
                    page.Set(PageFlags.LazyFree);
                    *at = entry.Without(PageEntry.DirtyBit | PageEntry.YoungBit).Value;
                }
            }
        });
        Notifiers.End();
        return errno;
    }

    private Errno InstallGuards(VirtualMemoryArea area, ulong start, ulong end)
    {
        if (area.Has(VmFlags.Special | VmFlags.Locked))
        {
            return Errno.EINVAL;
        }

        if (area.IsAnonymous && PrepareFamily(area) != Errno.None)
        {
            return Errno.ENOMEM;
        }

        area.AddSticky(VmFlags.MaybeGuard);
        NotifyAndZap(area, start, end, NotifierEvent.Clear, ZapMode.Pages);
        ulong guard = PageEntry.Marker(PageMarkers.Guard).Value;
        Errno errno;
        bool hasRaced;
        do
        {
            hasRaced = false;
            errno = ForEachEntry(area, start, end, makeTables: true, at =>
            {
                if (*at == 0)
                {
                    Volatile.Write(ref *at, guard);
                }
                else
                {
                    hasRaced |= *at != guard;
                }
            });

            if (hasRaced)
            {
                NotifyAndZap(area, start, end, NotifierEvent.Clear, ZapMode.Pages);
            }
        }
        while (hasRaced && errno == Errno.None);
        return errno;
    }

    private Errno RemoveGuards(VirtualMemoryArea area, ulong start, ulong end)
    {
        if (area.Has(VmFlags.Special))
        {
            return Errno.EINVAL;
        }

        ulong guard = PageEntry.Marker(PageMarkers.Guard).Value;
        return ForEachEntry(area, start, end, makeTables: false, at =>
        {
            if (*at == guard)
            {
                Volatile.Write(ref *at, 0);
            }
        });
    }

    private Errno ReadAhead(VirtualMemoryArea area, ulong start, ulong end)
    {
        for (ulong address = start; address < end; address += PageSize.Size4K)
        {
            if (area.File is CachedFile file && file.TryGetPage(area.IndexOf(address), Group, mayFill: file.Kind == MemoryFileKind.Stored, out Page page) == Errno.None)
            {
                Memory.Put(page);
            }
        }

        return Errno.None;
    }
}
