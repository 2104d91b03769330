// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm;
using Physr.Mm.Interleaving;

namespace Physr.Hmm;

/// <content>Finding what can move.</content>
public sealed unsafe partial class AreaMigration
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.

    private void Collect(ulong start, ulong end, MigrateSelect select)
    {
        ulong next;
        for (ulong address = start; address < end; address = next)
        {
            next = Math.Min(end, (address | (AddressSpace.HugeBytes - 1)) + 1);
            ulong* pmd = _space!.PmdOf(address);
            ulong value = pmd == null ? 0 : Volatile.Read(ref *pmd);
            bool isWhole = next - address == AddressSpace.HugeBytes && (select & MigrateSelect.Compound) != MigrateSelect.None;
            if (value == 0)
            {
                CollectHoles(address, next, select, isWhole && _space.MayBeHuge(_area!, address));
                continue;
            }

            if (!AddressSpace.IsTable(value) && TryCollectHuge(pmd, address, select, isWhole))
            {
                continue;
            }

            ulong* table = AddressSpace.TableBelow(pmd);
            if (table != null)
            {
                CollectTable(table, address, next, select);
            }
        }
    }

    private void CollectHoles(ulong start, ulong end, MigrateSelect select, bool asOne)
    {
        if (!_area!.IsAnonymous || (select & MigrateSelect.System) == MigrateSelect.None)
        {
            return;
        }

        if (asOne)
        {
            Put(start, MigrateFrame.Hole(MigrateFlags.Compound));
            return;
        }

        for (ulong address = start; address < end; address += PageSize.Size4K)
        {
            Put(address, MigrateFrame.Hole());
        }
    }

    private void Put(ulong address, MigrateFrame frame)
    {
        Moving[(int)((address - _start) >> PageSize.Shift4K)] = frame;
        Collected++;
    }

    /// <summary>Takes 2 MiB whole; false where its entry has been broken, so that the table below is to be looked at.</summary>
    private bool TryCollectHuge(ulong* pmd, ulong address, MigrateSelect select, bool isWhole)
    {
        ref int pmdLock = ref AddressSpace.LockOf(pmd);
        WordLock.Enter(ref pmdLock, "huge entry lock");
        PageEntry entry = new(*pmd);
        if (AddressSpace.IsTable(entry.Value))
        {
            WordLock.Exit(ref pmdLock);
            return false;
        }

        if (entry.IsNone || entry.IsMigration)
        {
            // Somebody else took it away, or is moving it.
            WordLock.Exit(ref pmdLock);
            return true;
        }

        if (entry.IsPresent && entry.IsSpecial)
        {
            WordLock.Exit(ref pmdLock);
            if (isWhole)
            {
                CollectHoles(address, address + AddressSpace.HugeBytes, select, asOne: true);
                return true;
            }

            return !_space!.TrySplitHuge(_area!, pmd, address);
        }

        Page head = Memory.PageOf(entry.Key);
        if (!isWhole || !IsSelected(entry, head, select))
        {
            bool isWanted = IsSelected(entry, head, select);
            WordLock.Exit(ref pmdLock);
            return !isWanted || !_space!.TrySplitHuge(_area!, pmd, address);
        }

        bool isFaults = head.Equals(FaultPage);
        if (!isFaults && !head.TryLock())
        {
            WordLock.Exit(ref pmdLock);
            return true;
        }

        if (!PhysicalMemory.TryMigrationEntry(entry, head, out PageEntry replacement))
        {
            WordLock.Exit(ref pmdLock);
            if (!isFaults)
            {
                head.Unlock();
            }

            return true;
        }

        // The entry's reference becomes the batch's.
        head.AddEntireMapping(-1);
        Volatile.Write(ref *pmd, replacement.Value);
        WordLock.Exit(ref pmdLock);
        MigrateFlags write = replacement.Kind == PageEntryKind.MigrationWrite ? MigrateFlags.Write : MigrateFlags.None;
        MigrateFlags sole = head.References == (isFaults ? 2 : 1) ? MigrateFrame.Sole : MigrateFlags.None;
        Put(address, MigrateFrame.Of(head.Key, MigrateFlags.Migrate | MigrateFlags.Compound | write | sole));
        return true;
    }

    private void CollectTable(ulong* table, ulong start, ulong end, MigrateSelect select)
    {
        Page held = default;
        ref int tableLock = ref AddressSpace.LockOf(table);
        WordLock.Enter(ref tableLock, "page table lock");
        for (ulong address = start; address < end; address += PageSize.Size4K)
        {
            ulong* at = AddressSpace.EntryAt(table, address);
            PageEntry entry = new(*at);
            if (entry.IsNone || (entry.IsPresent && entry.IsSpecial))
            {
                if (_area!.IsAnonymous && (select & MigrateSelect.System) != MigrateSelect.None && (entry.IsNone || Memory.IsZeroPage(entry.Key)))
                {
                    Put(address, MigrateFrame.Hole());
                }

                continue;
            }

            if (!entry.IsPresent && !entry.IsDevicePrivate)
            {
                continue;
            }

            Page page = Memory.PageOf(entry.Key);
            Page head = page.Head;
            if (!IsSelected(entry, head, select))
            {
                continue;
            }

            if (head.Order != 0)
            {
                // Asked once, not for each of its 512 parts: it is somebody's, and unmapping it to find out costs as many entries.
                if (head.Equals(held) || !TrySplitMapped(ref tableLock, head))
                {
                    held = head;
                    continue;
                }

                // The lock was given up: look again.
                address -= PageSize.Size4K;
                continue;
            }

            CollectEntry(at, address, entry, head);
        }

        WordLock.Exit(ref tableLock);
    }

    private void CollectEntry(ulong* at, ulong address, PageEntry entry, Page page)
    {
        bool isFaults = page.Equals(FaultPage);
        if (!isFaults && !page.TryLock())
        {
            return;
        }

        if (!PhysicalMemory.TryMigrationEntry(entry, page, out PageEntry replacement))
        {
            if (!isFaults)
            {
                page.Unlock();
            }

            return;
        }

        if (entry.IsDirty && !page.IsAnonymous)
        {
            page.Set(PageFlags.Dirty);
        }

        // The entry's reference becomes the batch's.
        page.RemoveMapping();
        Volatile.Write(ref *at, replacement.Value);
        MigrateFlags write = replacement.Kind == PageEntryKind.MigrationWrite ? MigrateFlags.Write : MigrateFlags.None;
        MigrateFlags sole = page.References == (isFaults ? 2 : 1) ? MigrateFrame.Sole : MigrateFlags.None;
        Put(address, MigrateFrame.Of(page.Key, MigrateFlags.Migrate | write | sole));
    }

    private bool IsSelected(PageEntry entry, Page head, MigrateSelect select)
    {
        if (head.IsRam)
        {
            return entry.IsPresent && (select & MigrateSelect.System) != MigrateSelect.None;
        }

        Pagemap pagemap = Memory.DeviceOf(head).Pagemap;
        MigrateSelect needed = pagemap.Type switch
        {
            MemoryType.DevicePrivate => MigrateSelect.DevicePrivate,
            MemoryType.DeviceCoherent => MigrateSelect.DeviceCoherent,
            _ => MigrateSelect.None,
        };
        return (select & needed) != MigrateSelect.None && ReferenceEquals(pagemap.Owner, Owner);
    }

    /// <summary>Breaks a large page that is mapped by small entries; the table's lock is given up meanwhile.</summary>
    private bool TrySplitMapped(ref int tableLock, Page head)
    {
        bool isFaults = head.Equals(FaultPage);
        if (!isFaults && !head.TryLock())
        {
            return false;
        }

        head.Get();
        WordLock.Exit(ref tableLock);
        bool isSplit = Memory.TrySplitMapped(head, 1 + (isFaults ? 1 : 0));
        if (!isFaults)
        {
            head.Unlock();
        }

        Memory.Put(head);
        WordLock.Enter(ref tableLock, "page table lock");
        return isSplit;
    }

    private const int PagesOfHuge = AddressSpace.PagesPerHuge;
}
