// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <content>Faults on memory that is with a device (rows R21 to R23, R40a).</content>
public sealed unsafe partial class AddressSpace
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.
    private long _deviceFaults;

    /// <summary>Faults that a device's driver was asked to serve.</summary>
    public long DeviceFaults => Volatile.Read(ref _deviceFaults);

    /// <summary>A touch of a page in device-private memory: the driver brings it back. While one thread is at it the others wait, so that the driver is asked once (row R21b).</summary>
    private FaultStatus DevicePrivateFault(ulong address, ulong* at, PageEntry entry, FaultKind kind)
    {
        ref int tableLock = ref LockOf(at);
        WordLock.Enter(ref tableLock, "page table lock");
        if (*at != entry.Value)
        {
            WordLock.Exit(ref tableLock);
            return FaultStatus.Done;
        }

        Page page = Memory.PageOf(entry.Key);
        Page head = page.Head;
        if (!head.TryLock())
        {
            WordLock.Exit(ref tableLock);
            return FaultStatus.Retry;
        }

        head.Get();
        WordLock.Exit(ref tableLock);
        FaultStatus status = AskDriver(address, page, head, kind);
        return EndDeviceFault(at, entry, head, status);
    }

    /// <summary>The same for 2 MiB at once; where the page is locked the access simply faults again (row R23b).</summary>
    private FaultStatus DevicePrivateHugeFault(ulong address, ulong* pmd, PageEntry entry, FaultKind kind)
    {
        ref int pmdLock = ref LockOf(pmd);
        WordLock.Enter(ref pmdLock, "huge entry lock");
        if (*pmd != entry.Value)
        {
            WordLock.Exit(ref pmdLock);
            return FaultStatus.Done;
        }

        Page head = Memory.PageOf(entry.Key);
        if (!head.TryLock())
        {
            WordLock.Exit(ref pmdLock);
            return FaultStatus.Retry;
        }

        head.Get();
        WordLock.Exit(ref pmdLock);
        FaultStatus status = AskDriver(address, head, head, kind);
        return EndDeviceFault(pmd, entry, head, status);
    }

    /// <summary>Lets go of the page. Where the driver moved nothing because somebody else held the page for a moment (whoever moved it there, or tried to move it out), the next try waits for
    /// him, however long that takes; else the driver said what is not so.</summary>
    private FaultStatus EndDeviceFault(ulong* at, PageEntry entry, Page head, FaultStatus status)
    {
        bool isFruitless = status == FaultStatus.Done && Volatile.Read(ref *at) == entry.Value;
        bool isHeld = isFruitless && head.References > head.TotalMapCount + 1;
        head.Unlock();
        Memory.Put(head);
        if (isHeld)
        {
            WaitForHolders(at, entry);
            return FaultStatus.Done;
        }

        return isFruitless ? FaultStatus.Fruitless : status;
    }

    /// <summary>Waits while an entry is what it was and its page is locked, or held by more than entries.</summary>
    private void WaitForHolders(ulong* at, PageEntry entry)
    {
        SpinWait spinner = default;
        ref int tableLock = ref LockOf(at);
        while (true)
        {
            WordLock.Enter(ref tableLock, "page table lock");
            Page head = *at == entry.Value ? Memory.PageOf(entry.Key).Head : default;
            bool isHeld = !head.IsNull && (head.Has(PageFlags.Locked) || head.References > head.TotalMapCount);
            WordLock.Exit(ref tableLock);
            if (!isHeld)
            {
                return;
            }

            SchedulePoint.Wait("page held", ref spinner);
        }
    }

    /// <summary>Calls the pagemap's driver with the page locked and held. Whatever it does, the process's memory stays as it was or as the driver's migration left it.</summary>
    /// <param name="address">What was touched.</param>
    /// <param name="page">The page there.</param>
    /// <param name="head">What is locked: the driver may break the large page apart, and another one is the page's head then.</param>
    /// <param name="kind">How it was touched.</param>
    private FaultStatus AskDriver(ulong address, Page page, Page head, FaultKind kind)
    {
        DevicePage device = Memory.DeviceOf(page);
        Pagemap pagemap = device.Pagemap;
        Interlocked.Increment(ref _deviceFaults);
        DevicePageFault fault = new(new(address), device, kind == FaultKind.Write, this);
        FaultOutcome outcome;
        try
        {
            outcome = pagemap.MigrateToRam!(fault);
        }
        catch (Exception exception)
        {
            Memory.Warn($"serve fault of {Name} at 0x{address:x}: {pagemap}: the driver's callback threw {exception.GetType().Name}: {exception.Message}");
            head.Set(PageFlags.Locked);
            return exception is OutOfMemoryException ? FaultStatus.OutOfMemory : FaultStatus.BusError;
        }

        // Asked of the head that the fault holds: the page may have been broken off it, moved and freed.
        if ((head.Set(PageFlags.Locked) & PageFlags.Locked) == PageFlags.None)
        {
            Memory.Warn($"serve fault of {Name} at 0x{address:x}: {pagemap}: the driver's callback unlocked a page that the fault holds");
            return FaultStatus.BusError;
        }

        return outcome switch
        {
            FaultOutcome.Served => FaultStatus.Done,
            FaultOutcome.OutOfMemory => FaultStatus.OutOfMemory,
            FaultOutcome.Retry => FaultStatus.Retry,
            _ => FaultStatus.BusError,
        };
    }

    /// <summary>A touch of a page that one device has to itself: the device loses it (row R40a).</summary>
    private FaultStatus DeviceExclusiveFault(VirtualMemoryArea area, ulong address, ulong* at, PageEntry entry)
    {
        ref int tableLock = ref LockOf(at);
        WordLock.Enter(ref tableLock, "page table lock");
        if (*at != entry.Value)
        {
            WordLock.Exit(ref tableLock);
            return FaultStatus.Done;
        }

        Page head = Memory.PageOf(entry.Key).Head;
        if (!head.TryLock())
        {
            WordLock.Exit(ref tableLock);
            return FaultStatus.Retry;
        }

        head.Get();
        WordLock.Exit(ref tableLock);
        NotifyStart(address, PageSize.Size4K, NotifierEvent.Clear);
        WordLock.Enter(ref tableLock, "page table lock");
        if (*at == entry.Value)
        {
            Volatile.Write(ref *at, RestoreExclusive(area, entry).Value);
        }

        WordLock.Exit(ref tableLock);
        Notifiers.End();
        head.Unlock();
        Memory.Put(head);
        return FaultStatus.Done;
    }

    /// <summary>The present entry in whose place an exclusive one stands.</summary>
    internal static PageEntry RestoreExclusive(VirtualMemoryArea area, PageEntry entry)
    {
        ulong kept = entry.Value & (PageEntry.SoftDirtyBit | PageEntry.DirtyBit | PageEntry.YoungBit);
        return PageEntry.Present(entry.Key, UserBits(area) | WriteBits(area) | kept | PageEntry.DirtyBit);
    }
}
