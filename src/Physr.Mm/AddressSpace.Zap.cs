// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <content>Taking entries away, with what they hold.</content>
public sealed unsafe partial class AddressSpace
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.

    /// <summary>Unmaps what areas of all processes map of a file from a page on.</summary>
    internal static void ZapFile(MemoryFile file, ulong first, ulong pages, bool evenOwnCopies)
    {
        file.Mapping.Enter();
        try
        {
            foreach (VirtualMemoryArea area in file.Mapping.Areas)
            {
                ulong from = Math.Max(first, area.PageOffset);
                ulong to = pages > ulong.MaxValue - first ? ulong.MaxValue : first + pages;
                to = Math.Min(to, area.PageOffset + area.Pages);
                if (from < to)
                {
                    ulong start = area.StartAddress + ((from - area.PageOffset) << PageSize.Shift4K);
                    ulong end = area.StartAddress + ((to - area.PageOffset) << PageSize.Shift4K);
                    area.Space.NotifyAndZap(area, start, end, NotifierEvent.Clear, evenOwnCopies ? ZapMode.Pages : ZapMode.FilePagesOnly);
                }
            }
        }
        finally
        {
            file.Mapping.Exit();
        }
    }

    private void NotifyAndZap(VirtualMemoryArea area, ulong start, ulong end, NotifierEvent why, ZapMode mode)
    {
        NotifyStart(start, end - start, why);
        Zap(area, start, end, mode);
        Notifiers.End();
    }

    /// <summary>Takes the entries of a part of an area away.</summary>
    private void Zap(VirtualMemoryArea area, ulong start, ulong end, ZapMode mode)
    {
        ulong next;
        for (ulong address = start; address < end; address = next)
        {
            next = Math.Min(end, (address | (HugeBytes - 1)) + 1);
            ulong* pmd = PmdOf(address);
            if (pmd == null)
            {
                next = Math.Min(end, (address | (PageSize.Size1G - 1)) + 1);
                continue;
            }

            ulong value = Volatile.Read(ref *pmd);
            if (value != 0 && !IsTable(value))
            {
                if (next - address == HugeBytes || area.File is DaxFile)
                {
                    // A file's pages are found again.
                    if (ZapHuge(pmd))
                    {
                        continue;
                    }
                }
                else if (!TrySplitHuge(area, pmd, address, isDeposited: true))
                {
                    throw new PhysrException("unmap", area.ToString(), Errno.ENOMEM, "there is no memory for the page table that a part of a huge page needs");
                }
            }

            ulong* table = TableBelow(pmd);
            if (table != null)
            {
                ZapTable(table, address, next, mode);
            }
        }
    }

    private void ZapTable(ulong* table, ulong start, ulong end, ZapMode mode)
    {
        Span<ulong> gone = stackalloc ulong[512];
        int count = 0;
        ref int tableLock = ref LockOf(table);
        WordLock.Enter(ref tableLock, "page table lock");
        for (ulong address = start; address < end; address += PageSize.Size4K)
        {
            ulong* at = EntryAt(table, address);
            if (*at != 0 && ZapEntry(at, new(*at), mode, out Page freed) && !freed.IsNull)
            {
                gone[count++] = freed.Key.Value;
            }
        }

        WordLock.Exit(ref tableLock);
        for (int i = 0; i < count; i++)
        {
            Memory.Put(Memory.PageOf(new(gone[i])));
        }
    }

    /// <summary>Takes one entry away; its reference to the (head) page, where it held one, is the caller's then.</summary>
    private bool ZapEntry(ulong* at, PageEntry entry, ZapMode mode, out Page freed)
    {
        freed = default;
        switch (entry.Kind)
        {
            case PageEntryKind.Present when entry.IsSpecial:
                break;
            case PageEntryKind.Present:
            case PageEntryKind.DevicePrivateRead:
            case PageEntryKind.DevicePrivateWrite:
            case PageEntryKind.DeviceExclusive:
                Page page = Memory.PageOf(entry.Key);
                Page head = page.Head;
                bool isAnonymous = head.IsAnonymous;
                if (isAnonymous && (mode & ZapMode.FilePagesOnly) != ZapMode.Pages)
                {
                    return false;
                }

                if (entry.IsPresent && entry.IsDirty && !isAnonymous)
                {
                    head.Set(PageFlags.Dirty);
                }

                page.RemoveMapping();
                Count(head, -1);
                freed = head;
                break;
            case PageEntryKind.MigrationRead:
            case PageEntryKind.MigrationReadExclusive:
            case PageEntryKind.MigrationWrite:
                // Who migrates holds the page; only the count is the entry's.
                Count(Memory.PageOf(entry.Key).Head, -1);
                break;
            case PageEntryKind.Swap:
                ReleaseSwap(entry);
                CountSwap(-1);
                break;
            case PageEntryKind.Marker when (mode & ZapMode.Markers) == ZapMode.Pages && (entry.Markers & PageMarkers.Guard) != PageMarkers.None:
                return false;
        }

        Volatile.Write(ref *at, 0);
        return true;
    }

    /// <summary>Takes a 2 MiB entry away; false where a table has taken its place.</summary>
    private bool ZapHuge(ulong* pmd)
    {
        ref int pmdLock = ref LockOf(pmd);
        WordLock.Enter(ref pmdLock, "huge entry lock");
        PageEntry entry = new(*pmd);
        if (IsTable(entry.Value))
        {
            WordLock.Exit(ref pmdLock);
            return false;
        }

        Page freed = default;
        if (entry.IsPresent && !entry.IsSpecial)
        {
            freed = Memory.PageOf(entry.Key);
        }
        else if (entry.IsDevicePrivate)
        {
            freed = Memory.PageOf(entry.Key);
        }
        else if (entry.IsMigration)
        {
            Count(Memory.PageOf(entry.Key), -PagesPerHuge);
        }

        if (!freed.IsNull)
        {
            if (entry.IsPresent && entry.IsDirty && !freed.IsAnonymous)
            {
                freed.Set(PageFlags.Dirty);
            }

            freed.AddEntireMapping(-1);
            Count(freed, -PagesPerHuge);
        }

        Volatile.Write(ref *pmd, 0);
        WordLock.Exit(ref pmdLock);
        if (!freed.IsNull)
        {
            Memory.Put(freed);
        }

        return true;
    }
}
