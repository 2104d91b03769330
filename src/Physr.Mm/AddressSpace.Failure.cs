// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <content>A test's way to lose memory (<c>MADV_HWPOISON</c>).</content>
public sealed unsafe partial class AddressSpace
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.
    private Errno PoisonRange(ulong start, ulong end)
    {
        for (ulong address = start; address < end; address += PageSize.Size4K)
        {
            if (Find(address) is not { } area)
            {
                return Errno.ENOMEM;
            }

            AccessOutcome outcome = BringIn(area, address, FaultKind.Read);
            PageEntry entry = outcome == AccessOutcome.Done ? EntryOf(address) : default;
            if (!entry.IsPresent || entry.IsSpecial)
            {
                return outcome == AccessOutcome.Poisoned ? Errno.EHWPOISON : outcome == AccessOutcome.OutOfMemory ? Errno.ENOMEM : Errno.EFAULT;
            }

            if (entry.IsHuge && !TrySplitHuge(area, PmdOf(address), address))
            {
                return Errno.ENOMEM;
            }

            Errno errno = Memory.ReportMemoryFailure(EntryOf(address).Key.Frame);
            if (errno is not (Errno.None or Errno.EHWPOISON))
            {
                return errno;
            }
        }

        return Errno.None;
    }

    /// <summary>Takes the used bits of all entries away (<c>clear_refs</c>).</summary>
    /// <param name="softDirty">The soft-dirty bits (4); else the bits that say a page was used (1).</param>
    public void ClearReferences(bool softDirty)
    {
        ThrowIfDisposed();
        EnterLiveForWriting();
        try
        {
            ulong bits = softDirty ? PageEntry.SoftDirtyBit : PageEntry.YoungBit;
            if (softDirty)
            {
                NotifyStart(0, End, NotifierEvent.SoftDirty);
            }

            foreach (VirtualMemoryArea area in _areas)
            {
                area.Flags &= softDirty ? ~VmFlags.SoftDirty : ~VmFlags.None;
                ClearBits(area, bits);
            }

            if (softDirty)
            {
                Notifiers.End();
            }
        }
        finally
        {
            _lock.ExitWrite();
        }
    }

    private void ClearBits(VirtualMemoryArea area, ulong bits)
    {
        for (ulong address = area.StartAddress; address < area.EndAddress; address = (address | (HugeBytes - 1)) + 1)
        {
            ulong* pmd = PmdOf(address);
            if (pmd == null || *pmd == 0)
            {
                continue;
            }

            ulong* first = IsTable(*pmd) ? EntryAt(TableOf(*pmd), address) : pmd;
            ulong end = Math.Min(area.EndAddress, (address | (HugeBytes - 1)) + 1);
            ulong count = IsTable(*pmd) ? (end - address) >> PageSize.Shift4K : 1;
            ref int tableLock = ref LockOf(first);
            WordLock.Enter(ref tableLock, "page table lock");
            for (ulong i = 0; i < count; i++)
            {
                first[i] = first[i] == 0 ? 0 : first[i] & ~bits;
            }

            WordLock.Exit(ref tableLock);
        }
    }
}
