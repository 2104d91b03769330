// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <content>Faults on files that are memory (<c>dax_iomap_fault</c>), by 4 KiB and by 2 MiB. The file's layout stays as it is meanwhile.</content>
public sealed unsafe partial class AddressSpace
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.
    // A page's descriptor is native memory that stays while the page is held, or while an entry seen below its table's lock names it.

    private FaultStatus DaxFault(VirtualMemoryArea area, ulong address, ulong* at, DaxFile file, FaultKind kind)
    {
        bool isShared = area.Has(VmFlags.Shared);
        bool isWrite = isShared && kind == FaultKind.Write;
        if (!isShared && kind != FaultKind.Read && PrepareFamily(area) != Errno.None)
        {
            return FaultStatus.OutOfMemory;
        }

        ulong index = area.IndexOf(address);
        FaultStatus status = DaxFault(area, address, at, file, index, kind, isWrite, out bool needsPlace);
        while (needsPlace)
        {
            Errno errno = file.TryOwnPage(index);
            if (errno != Errno.None)
            {
                return DaxStatus(errno);
            }

            status = DaxFault(area, address, at, file, index, kind, isWrite, out needsPlace);
        }

        return status;
    }

    private static FaultStatus DaxStatus(Errno errno) => errno == Errno.ENOMEM ? FaultStatus.OutOfMemory : FaultStatus.BusError;

    /// <summary>One look for a page.</summary>
    /// <param name="area">Where.</param>
    /// <param name="address">Where.</param>
    /// <param name="at">The entry.</param>
    /// <param name="file">The file.</param>
    /// <param name="index">Which page of it.</param>
    /// <param name="kind">What for.</param>
    /// <param name="isWrite">Whether the file's own page is to be written.</param>
    /// <param name="needsPlace">Whether it needs a place of the file's own first.</param>
    private FaultStatus DaxFault(VirtualMemoryArea area, ulong address, ulong* at, DaxFile file, ulong index, FaultKind kind, bool isWrite, out bool needsPlace)
    {
        needsPlace = false;
        file.Layout.EnterRead();
        try
        {
            if (index >= file.PageCount)
            {
                return FaultStatus.BusError;
            }

            Errno errno = file.TryGetPage(index, order: 0, out Page page, out DaxExtent extent);
            if (errno != Errno.None)
            {
                return DaxStatus(errno);
            }

            if (isWrite && (extent.IsHole || extent.IsShared))
            {
                PutIfAny(page);
                needsPlace = true;
                return FaultStatus.Retry;
            }

            if (extent.IsHole)
            {
                return MapDaxHole(area, at);
            }

            if (page.Has(PageFlags.Poisoned))
            {
                Memory.Put(page.Head);
                return FaultStatus.Poisoned;
            }

            return !area.Has(VmFlags.Shared) && kind != FaultKind.Read ? CopyOfFile(area, address, at, page, kind) : MapFilePage(area, address, at, page, index, isWrite);
        }
        finally
        {
            file.Layout.ExitRead();
        }
    }

    /// <summary>Shows zeros where nothing is; a private area's first write copies them.</summary>
    private FaultStatus MapDaxHole(VirtualMemoryArea area, ulong* at)
    {
        ref int tableLock = ref LockOf(at);
        WordLock.Enter(ref tableLock, "page table lock");
        if (*at == 0)
        {
            Volatile.Write(ref *at, PageEntry.Present(Memory.ZeroPage.Key, UserBits(area) | PageEntry.SpecialBit | PageEntry.YoungBit).Value);
        }

        WordLock.Exit(ref tableLock);
        return FaultStatus.Done;
    }

    /// <summary>The first write to a page of a shared area that is there for reading.</summary>
    private FaultStatus DaxWriteFault(VirtualMemoryArea area, ulong address, ulong* at, PageEntry entry, DaxFile file)
    {
        ulong index = area.IndexOf(address);
        file.Layout.EnterRead();
        Errno errno = file.TryGetPage(index, order: 0, out Page page, out DaxExtent extent);
        bool isThere = errno == Errno.None && !extent.IsHole && !extent.IsShared;
        if (isThere && page.Key == entry.Key)
        {
            ref int tableLock = ref LockOf(at);
            WordLock.Enter(ref tableLock, "page table lock");
            if (*at == entry.Value)
            {
                *at = entry.Value | PageEntry.WriteBit | PageEntry.DirtyBit | PageEntry.SoftDirtyBit | PageEntry.YoungBit;
                page.Head.Set(PageFlags.Dirty);
            }

            WordLock.Exit(ref tableLock);
        }

        file.Layout.ExitRead();
        PutIfAny(page);

        // A page that gets a place of its own is unmapped, and faulted on again.
        errno = errno == Errno.None && !isThere ? file.TryOwnPage(index) : errno;
        return errno == Errno.None ? FaultStatus.Done : DaxStatus(errno);
    }

    private FaultStatus DaxHugeFault(VirtualMemoryArea area, ulong address, ulong* pmd, DaxFile file, FaultKind kind)
    {
        ulong start = address & ~(HugeBytes - 1);
        bool isShared = area.Has(VmFlags.Shared);
        if (start < area.StartAddress || start + HugeBytes > area.EndAddress || (area.IndexOf(start) & (PagesPerHuge - 1)) != 0 || area.UserFaults is not null
            || area.Has(VmFlags.NoHugePage) || (!isShared && kind != FaultKind.Read))
        {
            return FaultStatus.Fallback;
        }

        bool isWrite = isShared && kind == FaultKind.Write;
        file.Layout.EnterRead();
        try
        {
            ulong index = area.IndexOf(start);
            if (index + PagesPerHuge > file.PageCount || file.TryGetPage(index, PhysicalMemory.HugeOrder, out Page page, out DaxExtent extent) != Errno.None || page.IsNull)
            {
                return FaultStatus.Fallback;
            }

            if (page.Has(PageFlags.Poisoned | PageFlags.PartPoisoned) || (isWrite && extent.IsShared))
            {
                Memory.Put(page);
                return FaultStatus.Fallback;
            }

            MapDaxHuge(area, pmd, page, isWrite);
            return FaultStatus.Done;
        }
        finally
        {
            file.Layout.ExitRead();
        }
    }

    private void MapDaxHuge(VirtualMemoryArea area, ulong* pmd, Page page, bool isWrite)
    {
        ref int pmdLock = ref LockOf(pmd);
        WordLock.Enter(ref pmdLock, "huge entry lock");
        bool isMine = *pmd == 0;
        if (isMine)
        {
            ulong bits = UserBits(area) | PageEntry.HugeBit | PageEntry.YoungBit;
            if (isWrite)
            {
                page.Set(PageFlags.Dirty);
                bits |= PageEntry.WriteBit | PageEntry.DirtyBit | PageEntry.SoftDirtyBit;
            }
            else if (area.Has(VmFlags.Shared) && !area.File!.WantsWriteNotify)
            {
                bits |= WriteBits(area);
            }

            page.AddEntireMapping(1);
            Count(page, PagesPerHuge);
            Volatile.Write(ref *pmd, PageEntry.Present(page.Key, bits).Value);
        }

        WordLock.Exit(ref pmdLock);
        if (!isMine)
        {
            Memory.Put(page);
        }
    }

    /// <summary>The first write to 2 MiB of a shared area that are there for reading.</summary>
    private FaultStatus DaxHugeWriteFault(VirtualMemoryArea area, ulong address, ulong* pmd, PageEntry entry, DaxFile file)
    {
        ulong start = address & ~(HugeBytes - 1);
        file.Layout.EnterRead();
        Errno errno = file.TryGetPage(area.IndexOf(start), PhysicalMemory.HugeOrder, out Page page, out DaxExtent extent);
        bool isThere = errno == Errno.None && !page.IsNull && page.Key == entry.Key && !extent.IsShared;
        if (isThere)
        {
            ref int pmdLock = ref LockOf(pmd);
            WordLock.Enter(ref pmdLock, "huge entry lock");
            if (*pmd == entry.Value)
            {
                *pmd = entry.Value | PageEntry.WriteBit | PageEntry.DirtyBit | PageEntry.SoftDirtyBit | PageEntry.YoungBit;
                page.Set(PageFlags.Dirty);
            }

            WordLock.Exit(ref pmdLock);
        }
        else
        {
            // By 4 KiB then.
            ZapFile(file, area.IndexOf(start), PagesPerHuge, evenOwnCopies: false);
        }

        file.Layout.ExitRead();
        PutIfAny(page);
        return errno == Errno.None ? FaultStatus.Done : DaxStatus(errno);
    }

    /// <summary>Takes the right to write off 2 MiB; whether they were dirty.</summary>
    private bool CleanHugeEntry(ulong address, ulong* pmd, Page page)
    {
        PageEntry seen = new(Volatile.Read(ref *pmd));
        if (!seen.IsWritable && !seen.IsDirty)
        {
            return false;
        }

        NotifyStart(address & ~(HugeBytes - 1), HugeBytes, NotifierEvent.ProtectionOfPage);
        ref int pmdLock = ref LockOf(pmd);
        WordLock.Enter(ref pmdLock, "huge entry lock");
        PageEntry entry = new(*pmd);
        bool isIt = !IsTable(entry.Value) && entry.IsPresent && entry.Key == page.Head.Key;
        if (isIt)
        {
            *pmd = entry.Without(PageEntry.DirtyBit | PageEntry.WriteBit).Value;
        }

        WordLock.Exit(ref pmdLock);
        Notifiers.End();
        return isIt && entry.IsDirty;
    }
}
