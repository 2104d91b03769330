// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm;
using Physr.Mm.Interleaving;

namespace Physr.Hmm;

/// <content>Pages where nothing was, or the page of zeros (row R34b).</content>
public sealed unsafe partial class AreaMigration
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.
    private protected override bool FillHole(int index, MigrateFrame destination)
    {
        ulong address = AddressOf(index);
        bool isLarge = destination.Has(MigrateFlags.Compound);
        if (isLarge != Sources[index].Has(MigrateFlags.Compound))
        {
            if (isLarge || index + PagesOfHuge > Count)
            {
                return false;
            }

            // A large hole that small pages fill.
            for (int i = 0; i < PagesOfHuge; i++)
            {
                Moving[index + i] = MigrateFrame.Hole();
            }
        }

        if (_space!.PrepareFamily(_area!) != Errno.None)
        {
            return false;
        }

        if (!_isFilling)
        {
            _isFilling = true;
            _space.NotifyStart(_start, (ulong)Count << PageSize.Shift4K, NotifierEvent.Migrate, Owner);
        }

        Page page = Memory.PageOf(destination.Key);
        long pages = isLarge ? PagesOfHuge : 1;
        if (!PhysicalMemory.TryCharge(page, _space.Group, pages))
        {
            return false;
        }

        if (isLarge ? TryInsertHuge(address, page) : TryInsert(address, page))
        {
            _space.CountAnonymous(pages);
            return true;
        }

        Memory.Uncharge(page);
        return false;
    }

    private protected override void EndFilling()
    {
        if (_isFilling)
        {
            _isFilling = false;
            _space!.Notifiers.End();
        }
    }

    private bool TryInsert(ulong address, Page page)
    {
        ulong* pmd = _space!.MakePmdOf(address);
        if (pmd != null && *pmd != 0 && !AddressSpace.IsTable(*pmd) && !_space.TrySplitHuge(_area!, pmd, address))
        {
            return false;
        }

        ulong* table = pmd == null ? null : _space.MakeTable(pmd, out _);
        if (table == null)
        {
            return false;
        }

        ulong* at = AddressSpace.EntryAt(table, address);
        ref int tableLock = ref AddressSpace.LockOf(at);
        WordLock.Enter(ref tableLock, "page table lock");
        bool isFree = IsFree(new(*at));
        if (isFree)
        {
            page.Get();
            AddressSpace.MapOwn(_area!, address, page);
            Volatile.Write(ref *at, EntryFor(page).Value);
        }

        WordLock.Exit(ref tableLock);
        return isFree;
    }

    private bool TryInsertHuge(ulong address, Page page)
    {
        ulong* pmd = _space!.MakePmdOf(address);
        if (pmd == null)
        {
            return false;
        }

        ref int pmdLock = ref AddressSpace.LockOf(pmd);
        WordLock.Enter(ref pmdLock, "huge entry lock");
        bool isFree = !AddressSpace.IsTable(*pmd) && IsFree(new(*pmd));
        if (isFree)
        {
            page.Get();
            AddressSpace.MapOwnHuge(_area!, address, page);
            Volatile.Write(ref *pmd, EntryFor(page).With(PageEntry.HugeBit).Value);
        }

        WordLock.Exit(ref pmdLock);
        return isFree;
    }

    /// <summary>Whether there is still nothing, or the zeros that everybody shares.</summary>
    private bool IsFree(PageEntry entry) => entry.IsNone || (entry.IsPresent && entry.IsSpecial && Memory.IsZeroPage(entry.Key));

    private PageEntry EntryFor(Page page)
    {
        bool mayWrite = _area!.Has(VmFlags.Write);
        if (!page.IsRam && Memory.DeviceOf(page).Pagemap.Type == MemoryType.DevicePrivate)
        {
            return PageEntry.Special(mayWrite ? PageEntryKind.DevicePrivateWrite : PageEntryKind.DevicePrivateRead, page.Key);
        }

        ulong write = mayWrite ? PageEntry.WriteBit | PageEntry.DirtyBit : 0;
        return PageEntry.Present(page.Key, AddressSpace.UserBits(_area) | PageEntry.YoungBit | write);
    }
}
