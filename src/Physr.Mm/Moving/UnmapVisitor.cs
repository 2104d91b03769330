// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <summary>Puts migration entries, or entries of poison, in the place of all entries that map a page (<c>try_to_migrate</c>, <c>try_to_unmap</c>).</summary>
internal unsafe struct UnmapVisitor(Page head, bool isPoison) : IMappingVisitor
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.

    /// <summary>References that the entries held, and that the caller gives back.</summary>
    public int Released { get; private set; }

    /// <summary>Which part of the page is lost; -1 for all of it.</summary>
    public int LostPart { get; init; } = -1;

    /// <summary>The first entry that was replaced by poison: whom it hurts.</summary>
    public Action<AddressSpace, ulong>? Hurt { get; init; }

    public void Visit(VirtualMemoryArea area, ulong address, int firstPart, int parts)
    {
        AddressSpace space = area.Space;
        for (int i = 0; i < parts; i++, address += PageSize.Size4K)
        {
            if (LostPart >= 0 && firstPart + i != LostPart)
            {
                continue;
            }

            ulong* pmd = space.PmdOf(address);
            ulong value = pmd == null ? 0 : Volatile.Read(ref *pmd);
            if (value == 0)
            {
                continue;
            }

            if (!AddressSpace.IsTable(value))
            {
                if (new PageEntry(value).Key != head.Key || new PageEntry(value).IsSpecial)
                {
                    continue;
                }

                if (!isPoison && parts == AddressSpace.PagesPerHuge)
                {
                    if (UnmapHuge(space, pmd, address))
                    {
                        return;
                    }
                }
                else if (!space.TrySplitHuge(area, pmd, address))
                {
                    continue;
                }
                else if (isPoison && area.File is DaxFile)
                {
                    // The whole entry is gone: the next touch of the lost page finds the poison.
                    Hurt?.Invoke(space, address);
                    return;
                }
            }

            ulong* table = AddressSpace.TableBelow(pmd);
            if (table != null)
            {
                UnmapEntry(space, AddressSpace.EntryAt(table, address), head.At(firstPart + i), address);
            }
        }
    }

    private void UnmapEntry(AddressSpace space, ulong* at, Page page, ulong address)
    {
        PageEntry seen = new(Volatile.Read(ref *at));
        if (seen.IsNone || seen.Key != page.Key || seen.IsSpecial)
        {
            return;
        }

        space.NotifyStart(address, PageSize.Size4K, NotifierEvent.Clear);
        ref int tableLock = ref AddressSpace.LockOf(at);
        WordLock.Enter(ref tableLock, "page table lock");
        PageEntry entry = new(*at);
        bool isMapping = entry.Key == page.Key && !entry.IsSpecial && (entry.IsPresent || entry.IsDevicePrivate || entry.Kind == PageEntryKind.DeviceExclusive);
        bool isHurt = false;
        if (isMapping && TryReplacement(entry, page, out PageEntry replacement))
        {
            if (entry.IsDirty && !head.IsAnonymous)
            {
                head.Set(PageFlags.Dirty);
            }

            page.RemoveMapping();
            Released++;
            if (isPoison)
            {
                space.Count(head, -1);
                isHurt = true;
            }

            Volatile.Write(ref *at, replacement.Value);
        }

        WordLock.Exit(ref tableLock);
        space.Notifiers.End();
        if (isHurt)
        {
            Hurt?.Invoke(space, address);
        }
    }

    /// <summary>Unmaps a 2 MiB entry, if it is one of the page's; false where a table has taken its place.</summary>
    private bool UnmapHuge(AddressSpace space, ulong* pmd, ulong address)
    {
        space.NotifyStart(address, AddressSpace.HugeBytes, NotifierEvent.Clear);
        ref int pmdLock = ref AddressSpace.LockOf(pmd);
        WordLock.Enter(ref pmdLock, "huge entry lock");
        PageEntry entry = new(*pmd);
        bool isTable = AddressSpace.IsTable(entry.Value);
        if (!isTable && entry.Key == head.Key && (entry.IsPresent || entry.IsDevicePrivate) && TryReplacement(entry, head, out PageEntry replacement))
        {
            head.AddEntireMapping(-1);
            Released++;
            Volatile.Write(ref *pmd, replacement.Value);
        }

        WordLock.Exit(ref pmdLock);
        space.Notifiers.End();
        return !isTable;
    }

    /// <summary>What stands in an entry's place meanwhile; false for a page that somebody pinned as the process's own: its entry must stay.</summary>
    private readonly bool TryReplacement(PageEntry entry, Page page, out PageEntry replacement)
    {
        if (isPoison)
        {
            replacement = PageEntry.Special(PageEntryKind.HwPoison, page.Key);
            return true;
        }

        return PhysicalMemory.TryMigrationEntry(entry, page, out replacement);
    }
}
