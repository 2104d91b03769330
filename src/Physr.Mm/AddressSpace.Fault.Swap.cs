// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <content>Pages that are in a swap area: bringing them back, and putting them there.</content>
public sealed unsafe partial class AddressSpace
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.
    // A page's descriptor is native memory that stays while the page is held, or while an entry seen below its table's lock names it. Bytes of a page are reached while
    // it is held or while the lock of the table that maps it is, and never beyond it.
    private FaultStatus SwapFault(VirtualMemoryArea area, ulong address, ulong* at, PageEntry entry, FaultKind kind)
    {
        SwapArea swap = Memory.SwapAreaOf(entry);
        if (PrepareFamily(area) != Errno.None)
        {
            return FaultStatus.OutOfMemory;
        }

        // The slot is held while it is read: whoever serves the same fault first frees it, and it could be another page's by then.
        ref int tableLock = ref LockOf(at);
        WordLock.Enter(ref tableLock, "page table lock");
        bool isMine = *at == entry.Value;
        if (isMine)
        {
            swap.Duplicate(entry.SwapSlot);
        }

        WordLock.Exit(ref tableLock);
        if (!isMine)
        {
            return FaultStatus.Done;
        }

        FaultStatus status = MapSwapped(area, address, at, entry, kind);
        ReleaseSwap(entry);
        return status;
    }

    /// <summary>Maps the page of a slot that the caller holds.</summary>
    private FaultStatus MapSwapped(VirtualMemoryArea area, ulong address, ulong* at, PageEntry entry, FaultKind kind)
    {
        SwapArea swap = Memory.SwapAreaOf(entry);
        if (!swap.TryGetCached(entry.SwapSlot, Memory, out Page page))
        {
            FaultStatus status = LoadSwapped(swap, entry.SwapSlot, out page);
            if (status != FaultStatus.Done)
            {
                return Volatile.Read(ref *at) != entry.Value ? FaultStatus.Done : status;
            }
        }

        ref int tableLock = ref LockOf(at);
        WordLock.Enter(ref tableLock, "page table lock");
        bool isMine = *at == entry.Value;
        if (isMine)
        {
            // Nobody else's: no other entry names the slot, and no entry maps the page that stands for it.
            bool isExclusive = swap.CountOf(entry.SwapSlot) == 2 && page.MapCount == 0 && page.References == (page.Has(PageFlags.SwapCache) ? 2 : 1);
            page.Descriptor->Mapping = area.Anon!.Family.Id;
            page.Descriptor->Index = area.IndexOf(address);
            page.AddMapping();
            CountAnonymous(1);
            CountSwap(-1);
            ReleaseSwap(entry);
            if (isExclusive)
            {
                page.Set(PageFlags.AnonymousExclusive);
            }

            ulong bits = UserBits(area) | PageEntry.YoungBit | (entry.Value & PageEntry.SoftDirtyBit);
            bits |= isExclusive && kind == FaultKind.Write ? WriteBits(area) | PageEntry.DirtyBit | PageEntry.SoftDirtyBit : 0;
            page.Set(PageFlags.Dirty);
            Volatile.Write(ref *at, PageEntry.Present(page.Key, bits).Value);
        }

        WordLock.Exit(ref tableLock);
        if (!isMine)
        {
            Memory.Put(page);
        }

        return FaultStatus.Done;
    }

    /// <summary>Reads a slot into a fresh page. Where other entries name the slot too, beside this one and the hold on it, the page stands for it from then on, so that they share it.</summary>
    private FaultStatus LoadSwapped(SwapArea swap, ulong slot, out Page page)
    {
        if (Memory.TryAllocate(0, Group, out page) != Errno.None)
        {
            return FaultStatus.OutOfMemory;
        }

        SchedulePoint.Reach("swap in");
        if (swap.Load(slot, new Span<byte>(Memory.BytesOf(page), (int)PageSize.Size4K)) != Errno.None)
        {
            Memory.Put(page);
            return FaultStatus.BusError;
        }

        SchedulePoint.Reach("swapped in");
        page.Set(PageFlags.Anonymous);
        if (swap.CountOf(slot) > 2)
        {
            page.Set(PageFlags.SwapCache);
            page.Get();
            if (!swap.TryCache(slot, page.Key))
            {
                page.Clear(PageFlags.SwapCache);
                Memory.Put(page);
            }
        }

        return FaultStatus.Done;
    }

    private void ReleaseSwap(PageEntry entry)
    {
        Memory.SwapAreaOf(entry).Release(entry.SwapSlot, out PageKey? cached);
        if (cached is { } key)
        {
            Page page = Memory.PageOf(key);
            page.Clear(PageFlags.SwapCache);
            Memory.Put(page);
        }
    }

    /// <summary>Writes the process's own pages of a range to a swap area and takes them out of RAM (<c>MADV_PAGEOUT</c>). Shared, pinned and locked pages stay.</summary>
    private void PageOut(VirtualMemoryArea area, ulong start, ulong end)
    {
        for (ulong address = start; address < end; address += PageSize.Size4K)
        {
            ulong* pmd = PmdOf(address);
            if (pmd == null)
            {
                continue;
            }

            if (*pmd != 0 && !IsTable(*pmd) && !TrySplitHuge(area, pmd, address))
            {
                return;
            }

            ulong* table = TableBelow(pmd);
            if (table != null)
            {
                PageOutEntry(EntryAt(table, address), address);
            }
        }
    }

    private void PageOutEntry(ulong* at, ulong address)
    {
        ref int tableLock = ref LockOf(at);
        WordLock.Enter(ref tableLock, "page table lock");
        PageEntry entry = new(*at);
        Page page = entry.IsPresent && !entry.IsSpecial ? Memory.PageOf(entry.Key) : default;
        if (page.IsNull || !page.IsRam || !page.IsAnonymous || page.Order != 0 || page.Has(PageFlags.Tail | PageFlags.SwapCache) || page.References != 1 || !page.TryLock())
        {
            WordLock.Exit(ref tableLock);
            return;
        }

        // A write from here on sets the dirty bit again, and keeps the page.
        ulong clean = entry.Value & ~PageEntry.DirtyBit;
        *at = clean;
        page.Get();
        WordLock.Exit(ref tableLock);

        // Devices write without leaving a dirty bit: they let go before the bytes are taken, and cannot come back before the entry is replaced.
        NotifyStart(address, PageSize.Size4K, NotifierEvent.Clear);
        SchedulePoint.Reach("swap out");
        bool isStored = Memory.TrySwapOut(page, out PageEntry swapped) == Errno.None;
        if (isStored)
        {
            WordLock.Enter(ref tableLock, "page table lock");
            bool isMine = (*at & ~PageEntry.YoungBit) == (clean & ~PageEntry.YoungBit) && page.References == 2;
            if (isMine)
            {
                page.RemoveMapping();
                CountAnonymous(-1);
                CountSwap(1);
                Volatile.Write(ref *at, swapped.Value | (entry.Value & PageEntry.SoftDirtyBit));
            }

            WordLock.Exit(ref tableLock);
            if (isMine)
            {
                Memory.Put(page);
            }
            else
            {
                ReleaseSwap(swapped);
                isStored = false;
            }
        }

        if (!isStored)
        {
            WordLock.Enter(ref tableLock, "page table lock");
            *at |= new PageEntry(*at) is { IsPresent: true } now && now.Key == entry.Key ? entry.Value & PageEntry.DirtyBit : 0;
            WordLock.Exit(ref tableLock);
        }

        Notifiers.End();
        page.Unlock();
        Memory.Put(page);
    }
}
