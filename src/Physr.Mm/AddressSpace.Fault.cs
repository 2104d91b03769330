// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <content>What happens when the CPU, a pin or a mirror touches what is not there (<c>handle_mm_fault</c>). All of it below the lock for reading.</content>
public sealed unsafe partial class AddressSpace
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.
    // A page's descriptor is native memory that stays while the page is held, or while an entry seen below its table's lock names it. Bytes of a page are reached while
    // it is held or while the lock of the table that maps it is, and never beyond it.

    private long _faults;

    /// <summary>Faults handled, of the CPU and of whoever acts for it.</summary>
    public long Faults => Volatile.Read(ref _faults);

    /// <summary>Handles one fault, with the checks of an access.</summary>
    internal FaultStatus Fault(ulong address, FaultKind kind)
    {
        VirtualMemoryArea? area = address < End ? Find(address) : null;
        if (area is null)
        {
            return FaultStatus.MapError;
        }

        bool isAllowed = kind == FaultKind.Write ? area.Has(VmFlags.Write) : area.Has(VmFlags.Access);
        return isAllowed ? HandleFault(area, address, kind) : FaultStatus.AccessError;
    }

    /// <summary>Handles one fault that the area allows.</summary>
    internal FaultStatus HandleFault(VirtualMemoryArea area, ulong address, FaultKind kind)
    {
        Interlocked.Increment(ref _faults);
        SchedulePoint.Reach("fault");
        ulong* pmd = MakePmdOf(address);
        if (pmd == null)
        {
            return FaultStatus.OutOfMemory;
        }

        PageEntry entry = new(Volatile.Read(ref *pmd));
        if (!IsTable(entry.Value))
        {
            FaultStatus status = !entry.IsNone ? HugeFault(area, address, pmd, entry, kind)
                : area.File is DaxFile dax ? DaxHugeFault(area, address, pmd, dax, kind) : HugeAnonymousFault(area, address, pmd, kind);
            if (status != FaultStatus.Fallback)
            {
                return status;
            }
        }

        ulong* table = MakeTable(pmd, out bool isHuge);
        if (table == null)
        {
            return isHuge ? FaultStatus.Retry : FaultStatus.OutOfMemory;
        }

        ulong* at = EntryAt(table, address);
        entry = new(Volatile.Read(ref *at));
        return entry.Kind switch
        {
            PageEntryKind.None when area.UserFaults is not null => FaultStatus.UserFault,
            PageEntryKind.None => area.IsAnonymous ? AnonymousFault(area, address, at, kind) : FileFault(area, address, at, kind),
            PageEntryKind.Present => PresentFault(area, address, at, entry, kind),
            PageEntryKind.Swap => SwapFault(area, address, at, entry, kind),
            PageEntryKind.DevicePrivateRead or PageEntryKind.DevicePrivateWrite => DevicePrivateFault(address, at, entry, kind),
            PageEntryKind.DeviceExclusive => DeviceExclusiveFault(area, address, at, entry),
            PageEntryKind.HwPoison => FaultStatus.Poisoned,
            PageEntryKind.Marker => (entry.Markers & PageMarkers.Poisoned) != PageMarkers.None ? FaultStatus.Poisoned : FaultStatus.MapError,
            _ => FaultStatus.Retry,
        };
    }

    /// <summary>The bits that every entry of an area has: whether it may be touched at all.</summary>
    internal static ulong UserBits(VirtualMemoryArea area) => area.Has(VmFlags.Access) ? PageEntry.UserBit : 0;

    internal static ulong WriteBits(VirtualMemoryArea area) => area.Has(VmFlags.Write) ? PageEntry.WriteBit : 0;

    private FaultStatus AnonymousFault(VirtualMemoryArea area, ulong address, ulong* at, FaultKind kind)
    {
        ref int tableLock = ref LockOf(at);
        if (kind == FaultKind.Read && Memory.Options.UsesZeroPage)
        {
            WordLock.Enter(ref tableLock, "page table lock");
            if (*at == 0)
            {
                Volatile.Write(ref *at, PageEntry.Present(Memory.ZeroPage.Key, UserBits(area) | PageEntry.SpecialBit | PageEntry.YoungBit).Value);
            }

            WordLock.Exit(ref tableLock);
            return FaultStatus.Done;
        }

        if (PrepareFamily(area) != Errno.None || Memory.TryAllocateZeroed(0, Group, out Page page) != Errno.None)
        {
            return FaultStatus.OutOfMemory;
        }

        WordLock.Enter(ref tableLock, "page table lock");
        bool isMine = *at == 0;
        if (isMine)
        {
            MapOwn(area, address, page);
            CountAnonymous(1);
            ulong dirty = kind != FaultKind.Unshare && area.Has(VmFlags.Write) ? PageEntry.DirtyBit | PageEntry.SoftDirtyBit | WriteBits(area) : 0;
            Volatile.Write(ref *at, PageEntry.Present(page.Key, UserBits(area) | PageEntry.YoungBit | dirty).Value);
        }

        WordLock.Exit(ref tableLock);
        if (!isMine)
        {
            Memory.Put(page);
        }

        return FaultStatus.Done;
    }

    /// <summary>Makes a fresh page the process's own at an address; its one reference is the entry's then.</summary>
    internal static void MapOwn(VirtualMemoryArea area, ulong address, Page page)
    {
        page.Descriptor->Mapping = area.Anon!.Family.Id;
        page.Descriptor->Index = area.IndexOf(address);
        page.Set(PageFlags.Anonymous | PageFlags.AnonymousExclusive);
        page.AddMapping();
    }

    private FaultStatus PresentFault(VirtualMemoryArea area, ulong address, ulong* at, PageEntry entry, FaultKind kind)
    {
        if (kind != FaultKind.Read && !entry.IsWritable)
        {
            return WriteProtectFault(area, address, at, entry, kind);
        }

        // A driver's bytes that the CPU was never told of.
        return entry.IsAccessible && Memory.BytesOf(entry.Key) == null ? FaultStatus.BusError : FaultStatus.Done;
    }

    private FaultStatus WriteProtectFault(VirtualMemoryArea area, ulong address, ulong* at, PageEntry entry, FaultKind kind)
    {
        if (kind == FaultKind.Write && area.Has(VmFlags.Shared) && area.File is DaxFile { WantsWriteNotify: true } dax)
        {
            return DaxWriteFault(area, address, at, entry, dax);
        }

        ref int tableLock = ref LockOf(at);
        WordLock.Enter(ref tableLock, "page table lock");
        if (*at != entry.Value)
        {
            WordLock.Exit(ref tableLock);
            return FaultStatus.Done;
        }

        Page page = entry.IsSpecial ? default : Memory.PageOf(entry.Key);
        if (area.Has(VmFlags.Shared))
        {
            if (kind == FaultKind.Write)
            {
                *at = entry.Value | PageEntry.WriteBit | PageEntry.DirtyBit | PageEntry.SoftDirtyBit | PageEntry.YoungBit;
                if (!page.IsNull)
                {
                    page.Head.Set(PageFlags.Dirty);
                }
            }

            WordLock.Exit(ref tableLock);
            return FaultStatus.Done;
        }

        if (!page.IsNull && page.Head.IsAnonymous && TryReuse(page))
        {
            if (kind == FaultKind.Write)
            {
                *at = entry.Value | PageEntry.WriteBit | PageEntry.DirtyBit | PageEntry.SoftDirtyBit | PageEntry.YoungBit;
            }

            WordLock.Exit(ref tableLock);
            return FaultStatus.Done;
        }

        bool isHeld = page.IsNull || Memory.TryGet(page.Head);
        WordLock.Exit(ref tableLock);
        return isHeld ? CopyOnWrite(area, address, at, entry, page, kind) : FaultStatus.BusError;
    }

    /// <summary>Whether a page of the process's own is nobody else's, so that it needs no copy; below the table's lock.</summary>
    private static bool TryReuse(Page page)
    {
        if (page.Has(PageFlags.AnonymousExclusive))
        {
            return true;
        }

        Page head = page.Head;
        if (head.Order != 0 || head.References != 1 || !head.TryLock())
        {
            return false;
        }

        bool isOnly = head.References == 1 && !head.Has(PageFlags.SwapCache);
        if (isOnly)
        {
            head.Set(PageFlags.AnonymousExclusive);
        }

        head.Unlock();
        return isOnly;
    }

    /// <summary>Puts a copy in the place of a page that others see too; the caller's reference to it goes.</summary>
    private FaultStatus CopyOnWrite(VirtualMemoryArea area, ulong address, ulong* at, PageEntry entry, Page old, FaultKind kind)
    {
        SchedulePoint.Reach("copy on write");
        bool isZero = old.IsNull && Memory.IsZeroPage(entry.Key);
        byte* from = isZero ? null : Memory.BytesOf(entry.Key);
        Page page = default;
        Errno errno = PrepareFamily(area);
        errno = errno == Errno.None ? isZero ? Memory.TryAllocateZeroed(0, Group, out page) : Memory.TryAllocate(0, Group, out page) : errno;
        if (errno != Errno.None || (!isZero && from == null))
        {
            PutIfAny(old);
            PutIfAny(page);
            return errno != Errno.None ? FaultStatus.OutOfMemory : FaultStatus.BusError;
        }

        if (!isZero)
        {
            Buffer.MemoryCopy(from, Memory.BytesOf(page), (long)PageSize.Size4K, (long)PageSize.Size4K);
        }

        NotifyStart(address, PageSize.Size4K, NotifierEvent.Clear);
        ref int tableLock = ref LockOf(at);
        WordLock.Enter(ref tableLock, "page table lock");
        bool isMine = *at == entry.Value || (new PageEntry(*at).IsPresent && (*at & ~(PageEntry.YoungBit | PageEntry.DirtyBit)) == (entry.Value & ~(PageEntry.YoungBit | PageEntry.DirtyBit)));
        if (isMine)
        {
            MapOwn(area, address, page);
            ulong bits = UserBits(area) | PageEntry.YoungBit | PageEntry.SoftDirtyBit | (kind == FaultKind.Write ? PageEntry.DirtyBit | WriteBits(area) : 0);
            if (!old.IsNull)
            {
                Count(old.Head, -1);
                old.RemoveMapping();
            }

            CountAnonymous(1);
            Volatile.Write(ref *at, PageEntry.Present(page.Key, bits).Value);
        }

        WordLock.Exit(ref tableLock);
        Notifiers.End();
        if (isMine)
        {
            PutIfAny(old);
        }
        else
        {
            Memory.Put(page);
        }

        PutIfAny(old);
        return FaultStatus.Done;
    }

    internal void NotifyStart(ulong address, ulong length, NotifierEvent why, object? owner = null) =>
        Notifiers.TryStart(new(this, new(new(address & ~(PageSize.Size4K - 1)), length), why, owner, MayBlock: true));

    private void PutIfAny(Page page)
    {
        if (!page.IsNull)
        {
            Memory.Put(page.Head);
        }
    }
}
