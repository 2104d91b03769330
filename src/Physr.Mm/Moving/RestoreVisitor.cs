// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <summary>Puts ordinary entries back in the place of migration entries (<c>remove_migration_ptes</c>).</summary>
internal unsafe struct RestoreVisitor(PhysicalMemory memory, Page from, Page to) : IMappingVisitor
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.
    /// <summary>References that the new entries hold.</summary>
    public int Mapped { get; private set; }

    public void Visit(VirtualMemoryArea area, ulong address, int firstPart, int parts)
    {
        AddressSpace space = area.Space;
        for (int i = 0; i < parts; i++, address += PageSize.Size4K)
        {
            ulong* pmd = space.PmdOf(address);
            ulong value = pmd == null ? 0 : Volatile.Read(ref *pmd);
            if (value == 0)
            {
                continue;
            }

            if (!AddressSpace.IsTable(value))
            {
                if (RestoreHuge(area, pmd, parts))
                {
                    return;
                }

                // It was broken meanwhile: its parts are to be restored one by one.
                value = Volatile.Read(ref *pmd);
            }

            RestoreEntry(area, AddressSpace.EntryAt(AddressSpace.TableOf(value), address), firstPart + i);
        }
    }

    private void RestoreEntry(VirtualMemoryArea area, ulong* at, int part)
    {
        ref int tableLock = ref AddressSpace.LockOf(at);
        WordLock.Enter(ref tableLock, "page table lock");
        PageEntry entry = new(*at);
        if (entry.IsMigration && entry.Key == from.Key.Add((ulong)part))
        {
            Page page = to.At(part);
            to.Get();
            Mapped++;
            page.AddMapping();
            Volatile.Write(ref *at, memory.RestoredEntry(area, entry, page).Value);
        }

        WordLock.Exit(ref tableLock);
    }

    /// <summary>Restores a 2 MiB entry, if it is one of the page's; false where a table has taken its place.</summary>
    private bool RestoreHuge(VirtualMemoryArea area, ulong* pmd, int parts)
    {
        ref int pmdLock = ref AddressSpace.LockOf(pmd);
        WordLock.Enter(ref pmdLock, "huge entry lock");
        PageEntry entry = new(*pmd);
        bool isTable = AddressSpace.IsTable(entry.Value);
        if (!isTable && entry.IsMigration && entry.Key == from.Key && parts == AddressSpace.PagesPerHuge)
        {
            to.Get();
            Mapped++;
            to.AddEntireMapping(1);
            Volatile.Write(ref *pmd, memory.RestoredEntry(area, entry, to).With(PageEntry.HugeBit).Value);
        }

        WordLock.Exit(ref pmdLock);
        return !isTable;
    }
}
