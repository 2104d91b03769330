// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <content>Faults that 2 MiB at once can answer.</content>
public sealed unsafe partial class AddressSpace
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.
    // A page's descriptor is native memory that stays while the page is held, or while an entry seen below its table's lock names it. Bytes of a page are reached while
    // it is held or while the lock of the table that maps it is, and never beyond it.

    /// <summary>Whether the 2 MiB around an address lie in the area and huge pages are wanted there.</summary>
    internal bool MayBeHuge(VirtualMemoryArea area, ulong address)
    {
        ulong start = address & ~(HugeBytes - 1);
        return area.IsAnonymous && area.UserFaults is null && !area.Has(VmFlags.NoHugePage) && start >= area.StartAddress && start + HugeBytes <= area.EndAddress
            && (Memory.Options.HugePages == HugePagePolicy.Always || (Memory.Options.HugePages == HugePagePolicy.Madvise && area.Has(VmFlags.HugePage)));
    }

    /// <summary>Whether some 2 MiB of an area could be huge (<c>THPeligible</c>).</summary>
    internal bool HasRoomForHuge(VirtualMemoryArea area) => MayBeHuge(area, Alignment.Up(area.StartAddress, HugeBytes));

    private FaultStatus HugeAnonymousFault(VirtualMemoryArea area, ulong address, ulong* pmd, FaultKind kind)
    {
        if (!MayBeHuge(area, address))
        {
            return FaultStatus.Fallback;
        }

        if (kind == FaultKind.Read && Memory.Options.UsesHugeZeroPage)
        {
            return MapHugeZero(area, pmd);
        }

        if (PrepareFamily(area) != Errno.None)
        {
            return FaultStatus.OutOfMemory;
        }

        if (Memory.TryAllocateZeroed(PhysicalMemory.HugeOrder, Group, out Page page) != Errno.None)
        {
            return FaultStatus.Fallback;
        }

        ref int pmdLock = ref LockOf(pmd);
        WordLock.Enter(ref pmdLock, "huge entry lock");
        bool isMine = *pmd == 0;
        if (isMine)
        {
            MapOwnHuge(area, address & ~(HugeBytes - 1), page);
            CountAnonymous(PagesPerHuge);
            ulong dirty = kind == FaultKind.Unshare ? 0 : PageEntry.DirtyBit | PageEntry.SoftDirtyBit | WriteBits(area);
            Volatile.Write(ref *pmd, PageEntry.Present(page.Key, UserBits(area) | PageEntry.HugeBit | PageEntry.YoungBit | dirty).Value);
        }

        WordLock.Exit(ref pmdLock);
        if (!isMine)
        {
            Memory.Put(page);
        }

        return FaultStatus.Done;
    }

    private FaultStatus MapHugeZero(VirtualMemoryArea area, ulong* pmd)
    {
        Page zero = Memory.HugeZeroPage();
        if (zero.IsNull)
        {
            return FaultStatus.Fallback;
        }

        ref int pmdLock = ref LockOf(pmd);
        WordLock.Enter(ref pmdLock, "huge entry lock");
        if (*pmd == 0)
        {
            Volatile.Write(ref *pmd, PageEntry.Present(zero.Key, UserBits(area) | PageEntry.HugeBit | PageEntry.SpecialBit | PageEntry.YoungBit).Value);
        }

        WordLock.Exit(ref pmdLock);
        return FaultStatus.Done;
    }

    /// <summary>Makes a fresh huge page the process's own; its one reference is the entry's then.</summary>
    internal static void MapOwnHuge(VirtualMemoryArea area, ulong start, Page page)
    {
        page.Descriptor->Mapping = area.Anon!.Family.Id;
        page.Descriptor->Index = area.IndexOf(start);
        page.Set(PageFlags.Anonymous | PageFlags.AnonymousExclusive);
        page.AddEntireMapping(1);
    }

    /// <summary>A fault on a 2 MiB entry that is there.</summary>
    private FaultStatus HugeFault(VirtualMemoryArea area, ulong address, ulong* pmd, PageEntry entry, FaultKind kind)
    {
        if (entry.IsDevicePrivate)
        {
            return DevicePrivateHugeFault(address, pmd, entry, kind);
        }

        if (entry.IsMigration)
        {
            return FaultStatus.Retry;
        }

        if (kind == FaultKind.Read || entry.IsWritable)
        {
            // A driver's bytes that the CPU was never told of.
            return entry.IsAccessible && Memory.BytesOf(entry.Key) == null ? FaultStatus.BusError : FaultStatus.Done;
        }

        if (kind == FaultKind.Write && area.Has(VmFlags.Shared) && area.File is DaxFile dax)
        {
            return DaxHugeWriteFault(area, address, pmd, entry, dax);
        }

        if (entry.IsSpecial)
        {
            return ReplaceHugeZero(area, address, pmd, entry, kind);
        }

        return TryReuseHuge(area, pmd, entry, kind) ? FaultStatus.Done
            : TrySplitHuge(area, pmd, address) ? FaultStatus.Fallback : FaultStatus.OutOfMemory;
    }

    private FaultStatus ReplaceHugeZero(VirtualMemoryArea area, ulong address, ulong* pmd, PageEntry entry, FaultKind kind)
    {
        if (PrepareFamily(area) != Errno.None)
        {
            return FaultStatus.OutOfMemory;
        }

        if (Memory.TryAllocateZeroed(PhysicalMemory.HugeOrder, Group, out Page page) != Errno.None)
        {
            return TrySplitHuge(area, pmd, address) ? FaultStatus.Fallback : FaultStatus.OutOfMemory;
        }

        NotifyStart(address & ~(HugeBytes - 1), HugeBytes, NotifierEvent.Clear);
        ref int pmdLock = ref LockOf(pmd);
        WordLock.Enter(ref pmdLock, "huge entry lock");
        bool isMine = *pmd == entry.Value;
        if (isMine)
        {
            MapOwnHuge(area, address & ~(HugeBytes - 1), page);
            CountAnonymous(PagesPerHuge);
            ulong dirty = kind == FaultKind.Write ? PageEntry.DirtyBit | PageEntry.SoftDirtyBit | WriteBits(area) : 0;
            Volatile.Write(ref *pmd, PageEntry.Present(page.Key, UserBits(area) | PageEntry.HugeBit | PageEntry.YoungBit | dirty).Value);
        }

        WordLock.Exit(ref pmdLock);
        Notifiers.End();
        if (!isMine)
        {
            Memory.Put(page);
        }

        return FaultStatus.Done;
    }

    private bool TryReuseHuge(VirtualMemoryArea area, ulong* pmd, PageEntry entry, FaultKind kind)
    {
        ref int pmdLock = ref LockOf(pmd);
        WordLock.Enter(ref pmdLock, "huge entry lock");
        if (*pmd != entry.Value)
        {
            WordLock.Exit(ref pmdLock);
            return true;
        }

        Page head = Memory.PageOf(entry.Key);
        bool isMine = head.Has(PageFlags.AnonymousExclusive);
        if (!isMine && head.IsAnonymous && head.References == 1 && head.TryLock())
        {
            isMine = head.References == 1;
            if (isMine)
            {
                head.Set(PageFlags.AnonymousExclusive);
            }

            head.Unlock();
        }

        if (isMine && kind == FaultKind.Write)
        {
            *pmd = entry.Value | PageEntry.WriteBit | PageEntry.DirtyBit | PageEntry.SoftDirtyBit | PageEntry.YoungBit;
        }

        WordLock.Exit(ref pmdLock);
        return isMine;
    }
}
