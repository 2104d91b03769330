// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <content>Faults on files, shared memory and memory of devices.</content>
public sealed unsafe partial class AddressSpace
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.
    // A page's descriptor is native memory that stays while the page is held, or while an entry seen below its table's lock names it. Bytes of a page are reached while
    // it is held or while the lock of the table that maps it is, and never beyond it.

    private FaultStatus FileFault(VirtualMemoryArea area, ulong address, ulong* at, FaultKind kind)
    {
        ulong index = area.IndexOf(address);
        MemoryFile file = area.File!;
        if (area.Has(VmFlags.PfnMap))
        {
            return PfnFault(area, at, file, index, kind);
        }

        if (file is DaxFile dax)
        {
            return DaxFault(area, address, at, dax, kind);
        }

        bool isShared = area.Has(VmFlags.Shared);
        if (kind == FaultKind.Read && file is CachedFile && Memory.Options.FaultAroundPages > 1 && FaultAround(area, address, at, file, index))
        {
            return FaultStatus.Done;
        }

        Errno errno = !isShared && kind != FaultKind.Read ? PrepareFamily(area) : Errno.None;
        Page page = default;
        errno = errno == Errno.None ? file.TryGetPage(index, Group, mayFill: true, out page) : errno;
        if (errno != Errno.None)
        {
            return errno == Errno.ENOMEM ? FaultStatus.OutOfMemory : FaultStatus.BusError;
        }

        if (page.Head.Has(PageFlags.Poisoned))
        {
            Memory.Put(page.Head);
            return FaultStatus.Poisoned;
        }

        return !isShared && kind != FaultKind.Read ? CopyOfFile(area, address, at, page, kind) : MapFilePage(area, address, at, page, index, isShared && kind == FaultKind.Write);
    }

    /// <summary>Maps a page of a file where nothing is; the caller's reference becomes the entry's.</summary>
    private FaultStatus MapFilePage(VirtualMemoryArea area, ulong address, ulong* at, Page page, ulong index, bool isWrite)
    {
        ref int tableLock = ref LockOf(at);
        WordLock.Enter(ref tableLock, "page table lock");
        bool isMine = *at == 0 && IsStillOf(area.File!, page, index);
        if (isMine)
        {
            MapFileEntry(area, at, page, isWrite, PageEntry.YoungBit);
        }

        WordLock.Exit(ref tableLock);
        if (!isMine)
        {
            Memory.Put(page.Head);
        }

        return FaultStatus.Done;
    }

    private void MapFileEntry(VirtualMemoryArea area, ulong* at, Page page, bool isWrite, ulong bits)
    {
        if (isWrite)
        {
            page.Head.Set(PageFlags.Dirty);
            bits |= PageEntry.WriteBit | PageEntry.DirtyBit | PageEntry.SoftDirtyBit;
        }
        else if (area.Has(VmFlags.Shared) && !area.File!.WantsWriteNotify)
        {
            // Nobody needs to hear of the first write.
            bits |= WriteBits(area);
        }

        page.AddMapping();
        Count(page, 1);
        Volatile.Write(ref *at, PageEntry.Present(page.Key, UserBits(area) | bits).Value);
    }

    /// <summary>Whether a page is still the file's at this place: the file may have been cut meanwhile.</summary>
    private static bool IsStillOf(MemoryFile file, Page page, ulong index) =>
        file is not CachedFile || (page.Descriptor->Mapping == file.Mapping.Id && index < file.PageCount);

    /// <summary>A private area's first write to a page of a file: it gets a copy.</summary>
    private FaultStatus CopyOfFile(VirtualMemoryArea area, ulong address, ulong* at, Page from, FaultKind kind)
    {
        byte* bytes = Memory.BytesOf(from);
        if (bytes == null || Memory.TryAllocate(0, Group, out Page page) != Errno.None)
        {
            Memory.Put(from.Head);
            return bytes == null ? FaultStatus.BusError : FaultStatus.OutOfMemory;
        }

        Buffer.MemoryCopy(bytes, Memory.BytesOf(page), (long)PageSize.Size4K, (long)PageSize.Size4K);
        ref int tableLock = ref LockOf(at);
        WordLock.Enter(ref tableLock, "page table lock");
        bool isMine = *at == 0 && IsStillOf(area.File!, from, area.IndexOf(address));
        if (isMine)
        {
            MapOwn(area, address, page);
            CountAnonymous(1);
            ulong bits = UserBits(area) | PageEntry.YoungBit | PageEntry.SoftDirtyBit | (kind == FaultKind.Write ? PageEntry.DirtyBit | WriteBits(area) : 0);
            Volatile.Write(ref *at, PageEntry.Present(page.Key, bits).Value);
        }

        WordLock.Exit(ref tableLock);
        if (!isMine)
        {
            Memory.Put(page);
        }

        Memory.Put(from.Head);
        return FaultStatus.Done;
    }

    /// <summary>Maps what is in the page cache around a page: a window that begins where it would be naturally aligned, or where area or table begin, and ends where they end
    /// (<c>do_fault_around</c>).</summary>
    /// <returns>Whether the page itself is mapped then.</returns>
    private bool FaultAround(VirtualMemoryArea area, ulong address, ulong* at, MemoryFile file, ulong index)
    {
        ulong window = (ulong)Memory.Options.FaultAroundPages;
        ulong place = (address >> PageSize.Shift4K) & 511;
        ulong from = Math.Max(place & ~(window - 1), place - Math.Min(place, index - area.PageOffset));
        ulong to = Math.Min(Math.Min(from + window, 512), place + (area.Pages - (index - area.PageOffset)));
        ulong* first = at - place;
        for (ulong each = from; each < to; each++)
        {
            ulong eachIndex = index - place + each;
            if (Volatile.Read(ref first[each]) != 0 || file.TryGetPage(eachIndex, null, mayFill: false, out Page page) != Errno.None)
            {
                continue;
            }

            if (page.Has(PageFlags.Poisoned | PageFlags.Locked))
            {
                Memory.Put(page.Head);
                continue;
            }

            ref int tableLock = ref LockOf(at);
            WordLock.Enter(ref tableLock, "page table lock");
            bool isMine = first[each] == 0 && IsStillOf(file, page, eachIndex);
            if (isMine)
            {
                MapFileEntry(area, first + each, page, isWrite: false, each == place ? PageEntry.YoungBit : 0);
            }

            WordLock.Exit(ref tableLock);
            if (!isMine)
            {
                Memory.Put(page.Head);
            }
        }

        return Volatile.Read(ref *at) != 0;
    }

    private FaultStatus PfnFault(VirtualMemoryArea area, ulong* at, MemoryFile file, ulong index, FaultKind kind)
    {
        if (!file.TryGetFrame(index, out PageFrameNumber frame) || kind == FaultKind.Unshare)
        {
            return FaultStatus.BusError;
        }

        ref int tableLock = ref LockOf(at);
        WordLock.Enter(ref tableLock, "page table lock");
        if (*at == 0)
        {
            ulong write = area.Has(VmFlags.Shared) ? WriteBits(area) : 0;
            Volatile.Write(ref *at, PageEntry.Present(PageKey.Of(frame), UserBits(area) | write | PageEntry.SpecialBit | PageEntry.YoungBit).Value);
        }

        WordLock.Exit(ref tableLock);
        return FaultStatus.Done;
    }

    /// <summary>Makes every entry that maps a page of a file clean and read-only, so that the next write is heard of (<c>folio_mkclean</c>).</summary>
    /// <returns>Whether one of them was dirty.</returns>
    internal static bool CleanFilePage(MemoryFile file, Page page, ulong index)
    {
        bool wasDirty = false;
        file.Mapping.Enter();
        foreach (VirtualMemoryArea area in file.Mapping.Areas)
        {
            if (area.Has(VmFlags.Shared) && area.TryFindAddress(index, out ulong address))
            {
                wasDirty |= area.Space.CleanEntry(address, page);
            }
        }

        file.Mapping.Exit();
        return wasDirty;
    }

    private bool CleanEntry(ulong address, Page page)
    {
        ulong* pmd = PmdOf(address);
        ulong* table = pmd == null ? null : TableBelow(pmd);
        if (table == null)
        {
            return pmd != null && *pmd != 0 && CleanHugeEntry(address, pmd, page);
        }

        NotifyStart(address, PageSize.Size4K, NotifierEvent.ProtectionOfPage);
        ulong* at = EntryAt(table, address);
        ref int tableLock = ref LockOf(at);
        WordLock.Enter(ref tableLock, "page table lock");
        PageEntry entry = new(*at);
        bool wasDirty = entry.IsPresent && entry.Key == page.Key && entry.IsDirty;
        if (entry.IsPresent && entry.Key == page.Key)
        {
            *at = entry.Without(PageEntry.DirtyBit | PageEntry.WriteBit).Value;
        }

        WordLock.Exit(ref tableLock);
        Notifiers.End();
        return wasDirty;
    }
}
