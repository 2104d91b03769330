// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <content>Bringing pages in ahead of their touch.</content>
public sealed unsafe partial class AddressSpace
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.

    private Errno PopulateLocked(ulong start, ulong end, bool isWrite, bool ignoreHoles)
    {
        ulong next;
        for (ulong address = start; address < end; address = next)
        {
            next = address + PageSize.Size4K;
            VirtualMemoryArea? area = Find(address);
            if (area is null)
            {
                if (ignoreHoles)
                {
                    continue;
                }

                return Errno.ENOMEM;
            }

            if (area.Has(VmFlags.Io | VmFlags.PfnMap) || (isWrite ? !area.Has(VmFlags.Write) : !area.Has(VmFlags.Read | VmFlags.Write | VmFlags.Execute)))
            {
                if (ignoreHoles)
                {
                    return Errno.None;
                }

                return Errno.EINVAL;
            }

            AccessOutcome outcome = BringIn(area, address, isWrite ? FaultKind.Write : FaultKind.Read);
            if (outcome == AccessOutcome.Done)
            {
                next = EntryOf(address).IsHuge ? Math.Min(end, (address | (HugeBytes - 1)) + 1) : next;
                if (isWrite)
                {
                    MarkDirty(address);
                }
            }
            else if (!ignoreHoles)
            {
                return outcome == AccessOutcome.OutOfMemory ? Errno.ENOMEM : outcome == AccessOutcome.Poisoned ? Errno.EHWPOISON : Errno.EFAULT;
            }
        }

        return Errno.None;
    }

    /// <summary>Faults until an entry is as wanted: present, and writable or the process's own where asked. Below the lock for reading or writing.</summary>
    internal AccessOutcome BringIn(VirtualMemoryArea area, ulong address, FaultKind kind)
    {
        SpinWait spinner = default;
        int fruitless = 0;
        while (!IsIn(address, kind))
        {
            FaultStatus status = HandleFault(area, address, kind);
            switch (status)
            {
                case FaultStatus.Done:
                    break;
                case FaultStatus.Fruitless when ++fruitless < MostFruitless:
                    SchedulePoint.Relax(ref spinner);
                    break;
                case FaultStatus.Retry:
                    SchedulePoint.Wait("populate", ref spinner);
                    break;
                default:
                    return OutcomeOf(status);
            }
        }

        return AccessOutcome.Done;
    }

    /// <summary>Whoever populates for writing is taken to write: a page whose entry does not say so is dirty itself.</summary>
    private void MarkDirty(ulong address)
    {
        PageEntry entry = EntryOf(address);
        if (entry.IsPresent && !entry.IsSpecial && !entry.IsDirty)
        {
            Memory.PageOf(entry.Key).Head.Set(Physr.Memory.PageFlags.Dirty);
        }
    }

    private bool IsIn(ulong address, FaultKind kind)
    {
        PageEntry entry = EntryOf(address);
        return entry.IsPresent && (kind != FaultKind.Write || entry.IsWritable) && kind != FaultKind.Unshare;
    }

    /// <summary>The entry of an address, at whatever size it is; none where there is no table.</summary>
    internal PageEntry EntryOf(ulong address)
    {
        ulong* pmd = PmdOf(address);
        if (pmd == null)
        {
            return default;
        }

        ulong value = Volatile.Read(ref *pmd);
        return new(IsTable(value) ? Volatile.Read(ref *EntryAt(TableOf(value), address)) : value);
    }
}
