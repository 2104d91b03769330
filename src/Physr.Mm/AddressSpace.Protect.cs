// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <content>Other rights for what is mapped (<c>mprotect</c>).</content>
public sealed unsafe partial class AddressSpace
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.

    /// <summary>Gives a range other rights.</summary>
    /// <param name="address">A multiple of 4 KiB.</param>
    /// <param name="length">Bytes, rounded up to whole pages; zero changes nothing.</param>
    /// <param name="protection">The rights.</param>
    /// <returns><see cref="Errno.EINVAL"/> for another address; <see cref="Errno.ENOMEM"/> where the range leaves the address space, meets a hole (what lies before it has changed then), or would
    /// make too many areas; <see cref="Errno.EACCES"/> for writing where the file takes no stores through shared mappings.</returns>
    public Errno TryProtect(VirtualAddress address, ulong length, Protection protection)
    {
        ThrowIfDisposed();
        if (!address.IsAligned(PageSize.Size4K))
        {
            return Errno.EINVAL;
        }

        if (length == 0)
        {
            return Errno.None;
        }

        ulong end = unchecked(address.Value + ((length + PageSize.Size4K - 1) & ~(PageSize.Size4K - 1)));
        if (end <= address.Value || end > End)
        {
            return Errno.ENOMEM;
        }

        EnterLiveForWriting();
        try
        {
            return ProtectLocked(address.Value, end, AccessFlags(protection));
        }
        finally
        {
            _lock.ExitWrite();
        }
    }

    private Errno ProtectLocked(ulong start, ulong end, VmFlags access)
    {
        ulong at = start;
        while (at < end)
        {
            VirtualMemoryArea? area = Find(at);
            if (area is null)
            {
                return Errno.ENOMEM;
            }

            if ((access & VmFlags.Write) != VmFlags.None && !area.Has(VmFlags.MayWrite))
            {
                return Errno.EACCES;
            }

            ulong stop = Math.Min(end, area.EndAddress);
            Errno errno = ProtectPart(area, at, stop, access);
            if (errno != Errno.None)
            {
                return errno;
            }

            at = stop;
        }

        return Errno.None;
    }

    private Errno ProtectPart(VirtualMemoryArea area, ulong start, ulong end, VmFlags access)
    {
        VmFlags flags = (area.Flags & ~VmFlags.Access) | access;
        if (flags == area.Flags)
        {
            return Errno.None;
        }

        if ((flags & VmFlags.Write) != VmFlags.None)
        {
            if (!area.Has(VmFlags.Account | VmFlags.Write | VmFlags.Shared | VmFlags.NoReserve))
            {
                flags |= VmFlags.Account;
            }
        }
        else if (area.Has(VmFlags.Account) && area.IsAnonymous && area.Anon is null)
        {
            flags &= ~VmFlags.Account;
        }

        Errno errno = Modify(area, start, end, flags, out VirtualMemoryArea modified);
        if (errno == Errno.None)
        {
            NotifyStart(start, end - start, NotifierEvent.ProtectionOfArea);
            ChangeProtection(modified, start, end);
            Notifiers.End();
        }

        return errno;
    }

    /// <summary>Brings the entries of a range in line with their area's rights.</summary>
    private void ChangeProtection(VirtualMemoryArea area, ulong start, ulong end)
    {
        ulong next;
        for (ulong address = start; address < end; address = next)
        {
            next = Math.Min(end, (address | (HugeBytes - 1)) + 1);
            ulong* pmd = PmdOf(address);
            if (pmd == null || *pmd == 0)
            {
                continue;
            }

            if (!IsTable(*pmd))
            {
                // Modify has broken it where only a part of it changes.
                ref int pmdLock = ref LockOf(pmd);
                WordLock.Enter(ref pmdLock, "huge entry lock");
                Volatile.Write(ref *pmd, ProtectedEntry(area, new(*pmd)).Value);
                WordLock.Exit(ref pmdLock);
                continue;
            }

            ulong* table = TableOf(*pmd);
            ref int tableLock = ref LockOf(table);
            WordLock.Enter(ref tableLock, "page table lock");
            for (ulong each = address; each < next; each += PageSize.Size4K)
            {
                ulong* at = EntryAt(table, each);
                if (*at != 0)
                {
                    Volatile.Write(ref *at, ProtectedEntry(area, new(*at)).Value);
                }
            }

            WordLock.Exit(ref tableLock);
        }
    }

    /// <summary>What becomes of an entry when its area's rights change (rows R20a, R24).</summary>
    private PageEntry ProtectedEntry(VirtualMemoryArea area, PageEntry entry)
    {
        bool mayWrite = area.Has(VmFlags.Write);
        switch (entry.Kind)
        {
            case PageEntryKind.Present:
                PageEntry changed = entry.Without(PageEntry.UserBit | PageEntry.WriteBit).With(UserBits(area));
                return mayWrite && MayBeWritable(area, entry) ? changed.With(PageEntry.WriteBit) : changed;
            case PageEntryKind.MigrationWrite when !mayWrite:
                return entry.WithKind(Memory.PageOf(entry.Key).Head.IsAnonymous ? PageEntryKind.MigrationReadExclusive : PageEntryKind.MigrationRead);
            case PageEntryKind.DevicePrivateWrite when !mayWrite:
                return entry.WithKind(PageEntryKind.DevicePrivateRead);
            default:
                return entry;
        }
    }

    /// <summary>Whether a page may be written without asking: the process's very own, or one of a shared file that needs not hear of it.</summary>
    private bool MayBeWritable(VirtualMemoryArea area, PageEntry entry)
    {
        if (area.Has(VmFlags.Shared))
        {
            return entry.IsWritable || (entry.IsSpecial && area.Has(VmFlags.PfnMap)) || (!entry.IsSpecial && (!area.File!.WantsWriteNotify || entry.IsDirty));
        }

        if (entry.IsSpecial)
        {
            return false;
        }

        Page page = Memory.PageOf(entry.Key);
        return page.Head.IsAnonymous && page.Has(PageFlags.AnonymousExclusive);
    }
}
