// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm;
using Physr.Mm.Interleaving;

namespace Physr.Hmm;

/// <summary>A page of RAM that one device has to itself for atomic operations, until the CPU touches it (<c>make_device_exclusive</c>, row R40).</summary>
/// <remarks>It is locked and held until this is disposed of: the device programs its tables meanwhile, and from then on its callback is told when the page is taken back. The lock keeps the CPU's
/// touch away, not a discard: the device reads <see cref="IntervalNotifier.ReadBegin"/> first, leaves its own change out (<see cref="IntervalNotifier.IsOwn"/>), and programs below its own lock
/// only if <see cref="IntervalNotifier.ReadRetry"/> says that nothing has changed.</remarks>
public sealed unsafe class ExclusivePage : IDisposable
{
    private readonly PhysicalMemory _memory;
    private readonly Page _page;
    private int _isReleased;

    private ExclusivePage(PhysicalMemory memory, Page page, PageFrameNumber frame)
    {
        _memory = memory;
        _page = page;
        Frame = frame;
    }

    /// <summary>The frame that the device may use.</summary>
    public PageFrameNumber Frame { get; }

    /// <summary>Takes a page from the CPU for a device. The caller keeps areas as they are (<see cref="AddressSpace.EnterRead"/>).</summary>
    /// <param name="space">The process.</param>
    /// <param name="address">On a page boundary.</param>
    /// <param name="owner">Whose; its own callback can tell by it that the change is its own.</param>
    /// <param name="page">The page; null on failure.</param>
    /// <returns><see cref="Errno.EINVAL"/> for an unaligned address, or memory that is not anonymous; <see cref="Errno.EPERM"/> where the process may not write (row R40d); <see cref="Errno.EFAULT"/>
    /// where nothing is mapped or the page cannot be had; <see cref="Errno.ENOMEM"/>; <see cref="Errno.EBUSY"/> where somebody else takes it at the same time: try again.</returns>
    public static Errno TryAcquire(AddressSpace space, VirtualAddress address, object owner, out ExclusivePage? page)
    {
        ArgumentNullException.ThrowIfNull(space);
        ArgumentNullException.ThrowIfNull(owner);
        page = null;
        if (!address.IsAligned(PageSize.Size4K))
        {
            return Errno.EINVAL;
        }

        VirtualMemoryArea? area = address.Value < AddressSpace.End ? space.Find(address.Value) : null;
        if (area is null)
        {
            return Errno.EFAULT;
        }

        if (!area.Has(VmFlags.Write))
        {
            return Errno.EPERM;
        }

        if (area.Has(VmFlags.Special | VmFlags.Shared))
        {
            return Errno.EINVAL;
        }

        AccessOutcome outcome = space.BringIn(area, address.Value, FaultKind.Write);
        if (outcome != AccessOutcome.Done)
        {
            return outcome == AccessOutcome.OutOfMemory ? Errno.ENOMEM : Errno.EFAULT;
        }

        ulong* pmd = space.PmdOf(address.Value);
        if (!AddressSpace.IsTable(*pmd) && *pmd != 0 && !space.TrySplitHuge(area, pmd, address.Value))
        {
            return Errno.ENOMEM;
        }

        ulong* table = AddressSpace.TableBelow(pmd);
        return table == null ? Errno.EBUSY : TryTake(space, address.Value, AddressSpace.EntryAt(table, address.Value), owner, out page);
    }

    /// <summary>Unlocks the page: the CPU may take it back from now on.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isReleased, 1) == 0)
        {
            _page.Unlock();
            _memory.Put(_page);
        }
    }

    private static Errno TryTake(AddressSpace space, ulong address, ulong* at, object owner, out ExclusivePage? taken)
    {
        taken = null;

        // SAFETY: the entry lies in a page table of the process, which stays while areas are kept as they are, as the caller of TryAcquire sees to.
        PhysicalMemory memory = space.Memory;
        ref int tableLock = ref AddressSpace.LockOf(at);
        WordLock.Enter(ref tableLock, "page table lock");
        PageEntry entry = new(*at);
        Page head = entry.IsWritable && !entry.IsSpecial ? memory.PageOf(entry.Key).Head : default;
        if (head.IsNull || !head.IsAnonymous || !head.IsRam || !head.TryLock())
        {
            WordLock.Exit(ref tableLock);
            return head.IsNull || (head.IsAnonymous && head.IsRam) ? Errno.EBUSY : Errno.EINVAL;
        }

        head.Get();
        WordLock.Exit(ref tableLock);
        space.NotifyStart(address, PageSize.Size4K, NotifierEvent.Exclusive, owner);
        WordLock.Enter(ref tableLock, "page table lock");
        PageEntry now = new(*at);
        bool isMine = now.IsWritable && now.Key == entry.Key;
        if (isMine)
        {
            ulong kept = now.Value & (PageEntry.SoftDirtyBit | PageEntry.DirtyBit | PageEntry.YoungBit);
            Volatile.Write(ref *at, PageEntry.Special(PageEntryKind.DeviceExclusive, now.Key).Value | kept);
        }

        WordLock.Exit(ref tableLock);
        space.Notifiers.End();
        if (!isMine)
        {
            head.Unlock();
            memory.Put(head);
            return Errno.EBUSY;
        }

        taken = new(memory, head, entry.Key.Frame);
        return Errno.None;
    }
}
