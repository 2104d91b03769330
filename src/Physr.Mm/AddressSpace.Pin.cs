// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <content>Holding pages past the page tables (<c>pin_user_pages</c>, rows R28, R29, R58).</content>
public sealed unsafe partial class AddressSpace
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.

    private long _pinnedPages;

    /// <summary>Pins not taken off, in pages (<c>VmPin</c>).</summary>
    public long PinnedPages => Volatile.Read(ref _pinnedPages);

    /// <summary>Brings pages in and holds them: all of a range, or nothing.</summary>
    /// <param name="address">The first byte; any.</param>
    /// <param name="length">Bytes; not zero.</param>
    /// <param name="flags">How.</param>
    /// <param name="pinned">What is held; null on failure.</param>
    /// <returns><see cref="Errno.EINVAL"/> for a length of zero, a range that wraps, or <see cref="PinFlags.LongTerm"/> with <see cref="PinFlags.PciP2P"/>; <see cref="Errno.EFAULT"/> where nothing is
    /// mapped, rights do not allow it, or there are no page descriptors; <see cref="Errno.EREMOTEIO"/> at a PCI device's memory without <see cref="PinFlags.PciP2P"/>;
    /// <see cref="Errno.EOPNOTSUPP"/> for file-system memory held long; <see cref="Errno.EBUSY"/> for coherent memory held long that others hold where it is; <see cref="Errno.EHWPOISON"/>; <see cref="Errno.ENOMEM"/>.</returns>
    public Errno TryPin(VirtualAddress address, ulong length, PinFlags flags, out PinnedMemory? pinned)
    {
        pinned = null;
        using RangeListBuilder frames = RangeListBuilder.Rent();
        Errno errno = TryPin(address, length, flags, frames);
        if (errno == Errno.None)
        {
            pinned = new(this, new(address, length), frames.Build(), (flags & PinFlags.ReferenceOnly) != PinFlags.None);
        }

        return errno;
    }

    /// <summary>The same, appending to a list of the caller's, without an object for it; <see cref="Release(RangeList, bool, bool)"/> takes it back.</summary>
    /// <inheritdoc cref="TryPin(VirtualAddress, ulong, PinFlags, out PinnedMemory?)"/>
    public Errno TryPin(VirtualAddress address, ulong length, PinFlags flags, RangeListBuilder frames)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(frames);
        if (length == 0 || !address.TryAdd(length, out VirtualAddress last) || (flags & (PinFlags.LongTerm | PinFlags.PciP2P)) == (PinFlags.LongTerm | PinFlags.PciP2P))
        {
            return Errno.EINVAL;
        }

        if (last.Value > End)
        {
            return Errno.EFAULT;
        }

        ulong start = address.Value & ~(PageSize.Size4K - 1);
        ulong end = Alignment.Up(last.Value, PageSize.Size4K);
        PinRun run = new(frames);
        EnterLive();
        Errno errno = Errno.None;
        ulong at = start;
        try
        {
            while (at < end && errno == Errno.None)
            {
                errno = PinInArea(ref at, end, flags, ref run);
            }
        }
        finally
        {
            _lock.ExitRead();
        }

        run.Flush();
        Memory.CountPins(run.Pins);
        Interlocked.Add(ref _pinnedPages, run.Pins);
        if (errno != Errno.None && at != start)
        {
            UndoPins(start, at, flags, ref run);
        }

        return errno;
    }

    private Errno PinInArea(ref ulong at, ulong end, PinFlags flags, ref PinRun run)
    {
        VirtualMemoryArea? area = Find(at);
        bool isWrite = (flags & PinFlags.Write) != PinFlags.None;
        if (area is null || area.Has(VmFlags.PfnMap | VmFlags.Io) || !area.Has(isWrite ? VmFlags.Write : VmFlags.Read))
        {
            return Errno.EFAULT;
        }

        if (isWrite && (flags & PinFlags.LongTerm) != PinFlags.None && area.Has(VmFlags.Shared) && area.File!.WantsWriteNotify)
        {
            // A file that counts on hearing of each write after a write-back would not hear of these.
            return Errno.EFAULT;
        }

        ulong stop = Math.Min(end, area.EndAddress);
        int fruitless = 0;
        SpinWait spinner = default;
        while (at < stop)
        {
            FaultKind kind = PinPresent(area, ref at, stop, flags, ref run, out Errno refusal);
            if (refusal != Errno.None)
            {
                return refusal;
            }

            if (at == stop)
            {
                break;
            }

            FaultStatus status = HandleFault(area, at, kind);
            if (status == FaultStatus.Retry)
            {
                SchedulePoint.Wait("pin", ref spinner);
            }
            else if (status == FaultStatus.Fruitless && ++fruitless < MostFruitless)
            {
                SchedulePoint.Relax(ref spinner);
            }
            else if (status == FaultStatus.UserFault && ServeUserFault(at, kind == FaultKind.Write))
            {
                // The lock was given up: the area may be another one.
                return Errno.None;
            }
            else if (status != FaultStatus.Done)
            {
                return status == FaultStatus.OutOfMemory ? Errno.ENOMEM : status == FaultStatus.Poisoned ? Errno.EHWPOISON : Errno.EFAULT;
            }
        }

        return Errno.None;
    }

    /// <summary>Holds the pages from an address on that are there as wanted; stops at the first that is not.</summary>
    /// <returns>What a fault has to achieve for it.</returns>
    private FaultKind PinPresent(VirtualMemoryArea area, ref ulong at, ulong stop, PinFlags flags, ref PinRun run, out Errno refusal)
    {
        refusal = Errno.None;
        FaultKind wanted = (flags & PinFlags.Write) != PinFlags.None ? FaultKind.Write : FaultKind.Read;
        while (at < stop)
        {
            ulong* pmd = PmdOf(at);
            ulong value = pmd == null ? 0 : Volatile.Read(ref *pmd);
            if (value == 0)
            {
                return wanted;
            }

            ulong next = Math.Min(stop, (at | (HugeBytes - 1)) + 1);
            ulong* first = IsTable(value) ? TableOf(value) : pmd;
            Page toMove = default;
            ref int tableLock = ref LockOf(first);
            WordLock.Enter(ref tableLock, "page table lock");
            FaultKind? fault = null;
            while (at < next && fault is null && toMove.IsNull && refusal == Errno.None)
            {
                PageEntry entry = new(first == pmd ? *pmd : *EntryAt(first, at));
                if (first == pmd && IsTable(entry.Value))
                {
                    break;
                }

                refusal = PinEntry(area, ref at, next, entry, flags, wanted, ref run, out fault, out toMove);
            }

            WordLock.Exit(ref tableLock);
            if (!toMove.IsNull)
            {
                refusal = Memory.MoveToRam(toMove);
            }
            else if (fault is { } kind)
            {
                return kind;
            }

            if (refusal != Errno.None)
            {
                return wanted;
            }
        }

        return wanted;
    }

    private Errno PinEntry(VirtualMemoryArea area, ref ulong at, ulong next, PageEntry entry, PinFlags flags, FaultKind wanted, ref PinRun run, out FaultKind? fault, out Page toMove)
    {
        fault = null;
        toMove = default;
        if (!entry.IsAccessible || (wanted == FaultKind.Write && !entry.IsWritable))
        {
            fault = wanted;
            return Errno.None;
        }

        bool isLong = (flags & PinFlags.LongTerm) != PinFlags.None;
        bool isPin = (flags & PinFlags.ReferenceOnly) == PinFlags.None;
        ulong into = entry.IsHuge ? (at & (HugeBytes - 1)) >> PageSize.Shift4K : 0;
        int count = entry.IsHuge ? (int)((next - at) >> PageSize.Shift4K) : 1;
        if (entry.IsSpecial)
        {
            if (isLong && area.IsCopyOnWrite)
            {
                fault = FaultKind.Unshare;
                return Errno.None;
            }

            run.Append(new(entry.Key.Value + into), (ulong)count, default);
            at += (ulong)count << PageSize.Shift4K;
            return Errno.None;
        }

        Page page = Memory.PageOf(entry.Key.Add(into));
        Page head = page.Head;
        if (isPin && !entry.IsWritable && (head.IsAnonymous ? !(entry.IsHuge ? head : page).Has(PageFlags.AnonymousExclusive) : isLong && area.IsCopyOnWrite))
        {
            fault = FaultKind.Unshare;
            return Errno.None;
        }

        ProviderIndex provider = default;
        if (!head.IsRam)
        {
            Errno errno = CheckDevicePin(head, flags, out provider);
            if (errno == Errno.EAGAIN)
            {
                head.Get();
                toMove = head;
                return Errno.None;
            }

            if (errno != Errno.None)
            {
                return errno;
            }
        }

        if (isPin)
        {
            head.Pin(count);
            run.Pins += count;
        }
        else
        {
            head.Get(count);
        }

        run.Append(page.Key.Frame, (ulong)count, provider);
        at += (ulong)count << PageSize.Shift4K;
        return Errno.None;
    }

    /// <summary>Whether a device's page may be held; <see cref="Errno.EAGAIN"/> where it has to move to RAM first.</summary>
    private Errno CheckDevicePin(Page head, PinFlags flags, out ProviderIndex provider)
    {
        provider = default;
        bool isLong = (flags & PinFlags.LongTerm) != PinFlags.None;
        switch (Memory.DeviceOf(head).Pagemap.Type)
        {
            case MemoryType.PciP2P when (flags & PinFlags.PciP2P) == PinFlags.None:
                return Errno.EREMOTEIO;
            case MemoryType.PciP2P:
                provider = Memory.Map.TryFindOwner(head.Key.Frame.Address, out Owner owner) ? owner.Provider : default;
                return Errno.None;
            case MemoryType.FsDax when isLong:
                return Errno.EOPNOTSUPP;
            case MemoryType.FsDax or MemoryType.Generic:
                provider = Memory.Map.TryFindOwner(head.Key.Frame.Address, out Owner region) ? region.Provider : default;
                return Errno.None;
            case MemoryType.DeviceCoherent when isLong:
                return Errno.EAGAIN;
            default:
                return Errno.None;
        }
    }
}
