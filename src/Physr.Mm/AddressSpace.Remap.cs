// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <content>Areas that grow, shrink and move (<c>mremap</c>, row R25).</content>
public sealed unsafe partial class AddressSpace
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.
    // Bytes of a page are reached while it is held or while the lock of the table that maps it is, and never beyond it.
    /// <summary>Grows, shrinks or moves what is mapped.</summary>
    /// <param name="request">What, and how.</param>
    /// <param name="address">Where it is then.</param>
    /// <returns><see cref="Errno.EINVAL"/> for arguments that contradict each other; <see cref="Errno.EFAULT"/> where nothing is mapped or the range is not one area's;
    /// <see cref="Errno.ENOMEM"/> where it cannot grow.</returns>
    public Errno TryRemap(in RemapRequest request, out VirtualAddress address)
    {
        ThrowIfDisposed();
        address = request.Address;
        ulong oldLength = unchecked((request.Length + PageSize.Size4K - 1) & ~(PageSize.Size4K - 1));
        ulong newLength = unchecked((request.NewLength + PageSize.Size4K - 1) & ~(PageSize.Size4K - 1));
        bool isFixed = request.NewAddress is not null;
        ulong target = request.NewAddress?.Value ?? 0;
        if (!request.Address.IsAligned(PageSize.Size4K) || newLength == 0 || newLength > End || (isFixed && !request.MayMove) || (request.DontUnmap && (!request.MayMove || oldLength != newLength)))
        {
            return Errno.EINVAL;
        }

        ulong from = request.Address.Value;
        if (isFixed && ((target & (PageSize.Size4K - 1)) != 0 || newLength > End || target > End - newLength || (target < unchecked(from + oldLength) && from < target + newLength)))
        {
            return Errno.EINVAL;
        }

        EnterLiveForWriting();
        try
        {
            return RemapLocked(from, oldLength, newLength, request, out address);
        }
        finally
        {
            _lock.ExitWrite();
        }
    }

    private Errno RemapLocked(ulong from, ulong oldLength, ulong newLength, in RemapRequest request, out VirtualAddress address)
    {
        address = new(from);
        VirtualMemoryArea? area = from < End ? Find(from) : null;
        if (area is null || (newLength >= oldLength && oldLength > End - from))
        {
            return Errno.EFAULT;
        }

        if (request.NewAddress is null && !request.DontUnmap && oldLength == newLength)
        {
            return Errno.None;
        }

        if (request.NewAddress is { } fixedTarget && oldLength == newLength && oldLength > area.EndAddress - from)
        {
            return MoveSeveral(from, oldLength, fixedTarget.Value, request.DontUnmap, out address);
        }

        if (oldLength == 0 && !area.Has(VmFlags.Shared))
        {
            return Errno.EINVAL;
        }

        if (request.DontUnmap && area.Has(VmFlags.DontExpand | VmFlags.PfnMap))
        {
            return Errno.EINVAL;
        }

        bool isShorter = newLength < oldLength;
        if (isShorter && request.NewAddress is null)
        {
            return CutTail(from, oldLength, newLength);
        }

        Errno errno = CheckGrowth(area, from, Math.Min(oldLength, newLength), newLength);
        if (errno != Errno.None)
        {
            return errno;
        }

        if (request.NewAddress is { } target)
        {
            // What is there goes first, then the tail, whatever it is; what is left moves.
            errno = UnmapRange(target.Value, target.Value + newLength);
            if (errno == Errno.None && Find(from) is null)
            {
                return Errno.EFAULT;
            }

            errno = errno == Errno.None && isShorter ? CutTail(from, oldLength, newLength) : errno;
            return errno != Errno.None ? errno : Move(Find(from)!, from, Math.Min(oldLength, newLength), target.Value, newLength, request.DontUnmap, out address);
        }

        if (!request.DontUnmap && oldLength == area.EndAddress - from && IsFree(area.EndAddress, newLength - oldLength) && area.EndAddress + (newLength - oldLength) <= End)
        {
            Grow(area, newLength - oldLength);
            return Errno.None;
        }

        if (!request.MayMove)
        {
            return Errno.ENOMEM;
        }

        ulong free = FindFree(newLength, PageSize.Size4K);
        return free == 0 ? Errno.ENOMEM : Move(area, from, oldLength, free, newLength, request.DontUnmap, out address);
    }

    private Errno CutTail(ulong from, ulong oldLength, ulong newLength) =>
        oldLength > End - from ? Errno.EINVAL : UnmapRange(from + newLength, from + oldLength);

    /// <summary>Grows an area in place. What it then touches is merged with it also where the area is a forked child's: the new part is of its own family.</summary>
    private void Grow(VirtualMemoryArea area, ulong bytes)
    {
        Adjust(area, area.StartAddress, area.EndAddress + bytes, area.PageOffset);
        if (Neighbours(area).After is { } after && Continues(area, after)
            && (area.Anon is null ? after.Anon is null || !after.IsForkChild : after.Anon is null || after.Anon == area.Anon))
        {
            Absorb(area, after);
        }
    }

    private static Errno CheckGrowth(VirtualMemoryArea area, ulong from, ulong oldLength, ulong newLength)
    {
        if (oldLength > area.EndAddress - from)
        {
            return Errno.EFAULT;
        }

        if (newLength == oldLength)
        {
            return Errno.None;
        }

        ulong index = area.IndexOf(from);
        if (index + (newLength >> PageSize.Shift4K) < index)
        {
            return Errno.EINVAL;
        }

        return area.Has(VmFlags.DontExpand | VmFlags.PfnMap) ? Errno.EFAULT : Errno.None;
    }

    /// <summary>Moves what lies in a range, holes and all, area by area.</summary>
    private Errno MoveSeveral(ulong from, ulong length, ulong target, bool dontUnmap, out VirtualAddress address)
    {
        address = new(target);
        ulong end = from + length;
        Errno errno = Errno.None;
        ulong at = from;
        while (at < end && errno == Errno.None)
        {
            VirtualMemoryArea? area = AreaAt(FirstEndingAfter(at));
            if (area is null || area.StartAddress >= end)
            {
                break;
            }

            ulong start = Math.Max(at, area.StartAddress);
            ulong stop = Math.Min(end, area.EndAddress);
            if (area.Has(VmFlags.DontExpand | VmFlags.PfnMap) && dontUnmap)
            {
                return Errno.EINVAL;
            }

            errno = Move(area, start, stop - start, target + (start - from), stop - start, dontUnmap, out _);
            at = stop;
        }

        return errno;
    }

    private Errno Move(VirtualMemoryArea area, ulong from, ulong oldLength, ulong target, ulong newLength, bool dontUnmap, out VirtualAddress address)
    {
        address = new(from);
        if (_areas.Count >= Memory.Options.MaxAreas - 3 || !Memory.PassesGate("area"))
        {
            return Errno.ENOMEM;
        }

        Errno errno = UnmapRange(target, target + newLength);
        errno = errno == Errno.None && !dontUnmap ? SplitForMove(from, oldLength) : errno;
        if (errno != Errno.None)
        {
            return errno;
        }

        if (Find(from) is not { } found)
        {
            // A second view in the place of what it would have viewed.
            return Errno.EFAULT;
        }

        area = found;
        if (!PrepareTables(area, from, oldLength, target))
        {
            // Tables that no area needs would never be given back.
            int at = FirstEndingAfter(target);
            FreeTables(target, target + newLength, AreaAt(at - 1)?.EndAddress ?? 0, AreaAt(at)?.StartAddress ?? ulong.MaxValue);
            Merge(area);
            return Errno.ENOMEM;
        }

        // Memory that never had a page of its own belongs nowhere yet.
        ulong pageOffset = area.IsAnonymous && area.Anon is null ? target >> PageSize.Shift4K : area.IndexOf(from);
        VirtualMemoryArea moved = new(this, target, target + newLength, area.Flags, pageOffset, area.File) { Anon = area.Anon, IsForkChild = area.IsForkChild, UserFaults = area.UserFaults };
        Insert(moved);
        MoveEntries(area, moved, from, target, oldLength);
        if (oldLength == 0)
        {
            // A second view of shared memory.
        }
        else if (dontUnmap)
        {
            if (area.StartAddress == from && area.EndAddress == from + oldLength)
            {
                LeaveEmpty(area);
            }
        }
        else
        {
            UnmapRange(from, from + oldLength);
        }

        Merge(Find(target)!);
        address = new(target);
        return Errno.None;
    }

    private Errno SplitForMove(ulong from, ulong length)
    {
        if (length == 0)
        {
            return Errno.None;
        }

        Errno errno = SplitAt(from);
        errno = errno == Errno.None ? SplitAt(from + length) : errno;
        if (errno != Errno.None && Find(from) is { } area && area.StartAddress == from)
        {
            Merge(area);
        }

        return errno;
    }

    /// <summary>What <c>MREMAP_DONTUNMAP</c> leaves behind: the area without its pages, and without a family where all of it moved.</summary>
    private static void LeaveEmpty(VirtualMemoryArea area)
    {
        if (area.Anon is { } anon)
        {
            anon.Family.Remove(area);
            area.Anon = null;
            area.IsForkChild = false;
        }
    }

    /// <summary>Takes all tables that a move needs, so that it cannot fail halfway; breaks 2 MiB entries that would not fit there.</summary>
    private bool PrepareTables(VirtualMemoryArea area, ulong from, ulong length, ulong target)
    {
        bool isAligned = ((from ^ target) & (HugeBytes - 1)) == 0;
        ulong next;
        for (ulong address = from; address < from + length; address = next)
        {
            next = Math.Min(from + length, (address | (HugeBytes - 1)) + 1);
            ulong* pmd = PmdOf(address);
            if (pmd == null || *pmd == 0)
            {
                continue;
            }

            if (!IsTable(*pmd) && !(isAligned && next - address == HugeBytes) && !TrySplitHuge(area, pmd, address))
            {
                return false;
            }

            for (ulong to = target + (address - from); to < target + (next - from); to = (to | (HugeBytes - 1)) + 1)
            {
                ulong* made = MakePmdOf(to);
                if (made == null || (IsTable(*pmd) && MakeTable(made, out _) == null))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private void MoveEntries(VirtualMemoryArea area, VirtualMemoryArea moved, ulong from, ulong target, ulong length)
    {
        if (length == 0)
        {
            return;
        }

        // Both ways back from pages are kept shut, so that no walk finds neither the old nor the new entry.
        area.File?.Mapping.Enter();
        area.Anon?.Family.Enter();
        NotifyStart(from, length, NotifierEvent.Unmap);
        ulong next;
        for (ulong address = from; address < from + length; address = next)
        {
            next = Math.Min(from + length, (address | (HugeBytes - 1)) + 1);
            ulong* pmd = PmdOf(address);
            if (pmd == null || *pmd == 0)
            {
                continue;
            }

            ulong to = target + (address - from);
            ulong* pmdTarget = PmdOf(to);
            if (!IsTable(*pmd) || (next - address == HugeBytes && *pmdTarget == 0))
            {
                // A 2 MiB entry, or the table that somebody has broken it into since tables were prepared.
                MoveEntry(pmd, pmdTarget, IsTable(*pmd));
                continue;
            }

            for (ulong each = address; each < next; each += PageSize.Size4K)
            {
                ulong* at = EntryAt(TableOf(*pmd), each);
                if (*at != 0)
                {
                    ulong eachTarget = target + (each - from);
                    MoveEntry(at, EntryAt(TableBelow(PmdOf(eachTarget)), eachTarget));
                }
            }
        }

        Notifiers.End();
        area.Anon?.Family.Exit();
        area.File?.Mapping.Exit();
    }

    private static void MoveEntry(ulong* from, ulong* to, bool isTable = false)
    {
        ref int fromLock = ref LockOf(from);
        ref int toLock = ref LockOf(to);
        bool isSame = System.Runtime.CompilerServices.Unsafe.AreSame(ref fromLock, ref toLock);
        WordLock.Enter(ref fromLock, "page table lock");
        if (!isSame)
        {
            WordLock.Enter(ref toLock, "second page table lock");
        }

        ulong entry = *from;
        *from = 0;
        *to = entry == 0 || isTable ? entry : entry | (new PageEntry(entry).IsPresent ? PageEntry.SoftDirtyBit : 0);
        if (!isSame)
        {
            WordLock.Exit(ref toLock);
        }

        WordLock.Exit(ref fromLock);
    }
}
