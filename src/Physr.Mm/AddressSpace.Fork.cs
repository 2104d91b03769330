// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <content>A child with the same memory (<c>fork</c>, row R24).</content>
public sealed unsafe partial class AddressSpace
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.

    /// <summary>Makes a child: areas are the same, pages of the process's own are shared until one side writes.</summary>
    /// <param name="name">The child's name.</param>
    /// <param name="child">The child; null on failure.</param>
    /// <returns><see cref="Errno.ENOMEM"/>: nothing is left of the child then.</returns>
    public Errno TryFork(string name, out AddressSpace? child)
    {
        ThrowIfDisposed();
        child = null;
        if (!Memory.PassesGate("address space"))
        {
            return Errno.ENOMEM;
        }

        AddressSpace made;
        try
        {
            made = new(Memory, name, Group);
        }
        catch (PhysrException exception) when (exception.Errno == Errno.ENOMEM)
        {
            return Errno.ENOMEM;
        }

        _lock.EnterWrite();
        Errno errno = _isDisposed ? Errno.EINVAL : Errno.None;
        try
        {
            foreach (VirtualMemoryArea area in _areas)
            {
                if (!area.Has(VmFlags.DontCopy))
                {
                    errno = errno == Errno.None ? CopyArea(area, made) : errno;
                }
            }
        }
        finally
        {
            _lock.ExitWrite();
        }

        if (errno != Errno.None)
        {
            made.Dispose();
            ThrowIfDisposed();
            return errno;
        }

        child = made;
        return Errno.None;
    }

    private Errno CopyArea(VirtualMemoryArea area, AddressSpace child)
    {
        if (!Memory.PassesGate("area"))
        {
            return Errno.ENOMEM;
        }

        VirtualMemoryArea copy = new(child, area.StartAddress, area.EndAddress, area.Flags & ~(VmFlags.Locked | VmFlags.UserFaultMissing), area.PageOffset, area.File);
        if (!area.Has(VmFlags.WipeOnFork) && area.Anon is { } anon)
        {
            copy.Anon = new(anon.Family);
            copy.IsForkChild = true;
        }

        child._areas.Add(copy);
        copy.File?.Mapping.Add(copy);
        copy.Anon?.Family.Add(copy);

        // What only maps a file is found there again by a fault; a family, frames without descriptors or guards are not.
        if (area.Has(VmFlags.WipeOnFork) || (area.Anon is null && !area.Has(VmFlags.PfnMap | VmFlags.MixedMap | VmFlags.MaybeGuard)))
        {
            return Errno.None;
        }

        if (area.IsCopyOnWrite)
        {
            NotifyStart(area.StartAddress, area.EndAddress - area.StartAddress, NotifierEvent.ProtectionOfPage);
        }

        Errno errno = CopyEntries(area, copy);
        if (area.IsCopyOnWrite)
        {
            Notifiers.End();
        }

        return errno;
    }

    private Errno CopyEntries(VirtualMemoryArea area, VirtualMemoryArea copy)
    {
        AddressSpace child = copy.Space;
        ulong next;
        for (ulong address = area.StartAddress; address < area.EndAddress; address = next)
        {
            next = Math.Min(area.EndAddress, (address | (HugeBytes - 1)) + 1);
            ulong* pmd = PmdOf(address);
            if (pmd == null || *pmd == 0)
            {
                continue;
            }

            ulong* target = child.MakePmdOf(address);
            if (target == null)
            {
                return Errno.ENOMEM;
            }

            if (!IsTable(*pmd))
            {
                if (TryCopyHuge(pmd, target, child))
                {
                    continue;
                }

                if (!IsTable(*pmd) && !TrySplitHuge(area, pmd, address))
                {
                    return Errno.ENOMEM;
                }
            }

            ulong* from = TableBelow(pmd);
            ulong* to = child.MakeTable(target, out _);
            if (to == null)
            {
                return Errno.ENOMEM;
            }

            for (ulong each = address; each < next; each += PageSize.Size4K)
            {
                Errno errno = *EntryAt(from, each) == 0 ? Errno.None : CopyEntry(area, copy, each, EntryAt(from, each), EntryAt(to, each));
                if (errno != Errno.None)
                {
                    return errno;
                }
            }
        }

        return Errno.None;
    }

    private Errno CopyEntry(VirtualMemoryArea area, VirtualMemoryArea copy, ulong address, ulong* at, ulong* target)
    {
        // A device that has the page to itself loses it: both sides are to find an ordinary page.
        if (new PageEntry(*at).Kind == PageEntryKind.DeviceExclusive)
        {
            SpinWait spinner = default;
            while (new PageEntry(*at) is { Kind: PageEntryKind.DeviceExclusive } exclusive && DeviceExclusiveFault(area, address, at, exclusive) == FaultStatus.Retry)
            {
                SchedulePoint.Wait("fork: exclusive page", ref spinner);
            }
        }

        ref int tableLock = ref LockOf(at);
        WordLock.Enter(ref tableLock, "page table lock");
        PageEntry entry = new(*at);
        if (entry.IsPresent && !entry.IsSpecial && area.IsCopyOnWrite && Memory.PageOf(entry.Key) is var page && page.Head.IsAnonymous && page.Head.Pins > 0
            && page.Has(PageFlags.AnonymousExclusive))
        {
            // The pin may be taken off meanwhile, and the page move away.
            page.Head.Get();
            WordLock.Exit(ref tableLock);
            Errno errno = CopyPinned(copy, address, target, page);
            Memory.Put(page.Head);
            return errno;
        }

        Volatile.Write(ref *target, SharedEntry(area, copy.Space, at, entry).Value);
        WordLock.Exit(ref tableLock);
        return Errno.None;
    }

    /// <summary>What the child gets for an entry, whose own rights are taken down where both will share by copying. Below the table's lock.</summary>
    private PageEntry SharedEntry(VirtualMemoryArea area, AddressSpace child, ulong* at, PageEntry entry)
    {
        bool isCopied = area.IsCopyOnWrite;
        switch (entry.Kind)
        {
            case PageEntryKind.Present when entry.IsSpecial:
                return isCopied ? entry.Without(PageEntry.WriteBit) : entry;
            case PageEntryKind.Present:
                Page page = Memory.PageOf(entry.Key);
                Page head = page.Head;
                Memory.TryGet(head);
                page.AddMapping();
                child.Count(head, 1);
                if (isCopied)
                {
                    if (head.IsAnonymous)
                    {
                        page.Clear(PageFlags.AnonymousExclusive);
                    }

                    entry = entry.Without(PageEntry.WriteBit);
                    Volatile.Write(ref *at, entry.Value);
                }

                return (area.Has(VmFlags.Shared) ? entry.Without(PageEntry.DirtyBit) : entry).Without(PageEntry.YoungBit);
            case PageEntryKind.DevicePrivateRead:
            case PageEntryKind.DevicePrivateWrite:
                Page device = Memory.PageOf(entry.Key);
                device.Head.Get();
                device.AddMapping();
                device.Clear(PageFlags.AnonymousExclusive);
                child.CountAnonymous(1);
                if (isCopied && entry.Kind == PageEntryKind.DevicePrivateWrite)
                {
                    entry = entry.WithKind(PageEntryKind.DevicePrivateRead).Without(PageEntry.SoftDirtyBit);
                    Volatile.Write(ref *at, entry.Value);
                }

                return entry;
            case PageEntryKind.MigrationRead:
            case PageEntryKind.MigrationReadExclusive:
            case PageEntryKind.MigrationWrite:
                child.Count(Memory.PageOf(entry.Key).Head, 1);
                if (isCopied && entry.Kind != PageEntryKind.MigrationRead)
                {
                    entry = entry.WithKind(PageEntryKind.MigrationRead);
                    Volatile.Write(ref *at, entry.Value);
                }

                return entry;
            case PageEntryKind.Swap:
                Memory.SwapAreaOf(entry).Duplicate(entry.SwapSlot);
                child.CountSwap(1);
                entry = entry.Without(PageEntry.ExclusiveBit);
                Volatile.Write(ref *at, entry.Value);
                return entry;
            default:
                return entry;
        }
    }

    /// <summary>A pinned page stays the parent's alone: the child gets a copy at once, so that no later write can part the parent from what its device sees.</summary>
    private Errno CopyPinned(VirtualMemoryArea copy, ulong address, ulong* target, Page from)
    {
        if (Memory.TryAllocate(0, Group, out Page page) != Errno.None)
        {
            return Errno.ENOMEM;
        }

        Memory.Copy(from, page, 0);
        MapOwn(copy, address, page);
        copy.Space.CountAnonymous(1);
        Volatile.Write(ref *target, PageEntry.Present(page.Key, UserBits(copy) | WriteBits(copy) | PageEntry.DirtyBit | PageEntry.SoftDirtyBit).Value);
        return Errno.None;
    }

    /// <summary>Shares 2 MiB at once; false where the entry has to be broken first: its page is pinned, or it is a table by now.</summary>
    private bool TryCopyHuge(ulong* pmd, ulong* target, AddressSpace child)
    {
        ref int pmdLock = ref LockOf(pmd);
        WordLock.Enter(ref pmdLock, "huge entry lock");
        PageEntry entry = new(*pmd);
        bool namesPage = !IsTable(entry.Value) && ((entry.IsPresent && !entry.IsSpecial) || entry.IsDevicePrivate);
        Page head = namesPage ? Memory.PageOf(entry.Key) : default;
        if (namesPage && !head.IsAnonymous)
        {
            // What only maps a file is found there again by a fault.
            WordLock.Exit(ref pmdLock);
            return true;
        }

        if (IsTable(entry.Value) || (namesPage && head.Pins > 0))
        {
            WordLock.Exit(ref pmdLock);
            return false;
        }

        if (namesPage)
        {
            head.Get();
            head.AddEntireMapping(1);
            head.Clear(PageFlags.AnonymousExclusive);
            child.CountAnonymous(PagesPerHuge);
        }
        else if (entry.IsMigration)
        {
            child.CountAnonymous(PagesPerHuge);
        }

        entry = entry.Kind switch
        {
            PageEntryKind.DevicePrivateWrite => entry.WithKind(PageEntryKind.DevicePrivateRead),
            PageEntryKind.MigrationWrite or PageEntryKind.MigrationReadExclusive => entry.WithKind(PageEntryKind.MigrationRead),
            PageEntryKind.Present => entry.Without(PageEntry.WriteBit),
            _ => entry,
        };
        Volatile.Write(ref *pmd, entry.Value);
        Volatile.Write(ref *target, entry.Without(entry.IsPresent ? PageEntry.YoungBit : 0).Value);
        WordLock.Exit(ref pmdLock);
        return true;
    }
}
