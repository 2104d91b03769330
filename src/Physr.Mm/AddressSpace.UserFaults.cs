// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <content>Faults that user space serves (<c>userfaultfd</c>).</content>
public sealed unsafe partial class AddressSpace
{
    /// <summary>Lets a handler serve the first touch of each page of a range from now on (<c>UFFDIO_REGISTER</c>, missing mode).</summary>
    /// <param name="range">Whole pages, mapped without holes.</param>
    /// <param name="handler">The handler; null ends it.</param>
    /// <returns><see cref="Errno.EINVAL"/> for another range, or memory of devices; <see cref="Errno.EBUSY"/> where another handler is; <see cref="Errno.ENOMEM"/>.</returns>
    public Errno RegisterUserFaults(AddressRange<VirtualAddress> range, IUserFaultHandler? handler)
    {
        ThrowIfDisposed();
        if (range.IsEmpty || !range.Start.IsAligned(PageSize.Size4K) || !range.End.IsAligned(PageSize.Size4K) || range.End.Value > End)
        {
            return Errno.EINVAL;
        }

        EnterLiveForWriting();
        try
        {
            for (ulong at = range.Start.Value; at < range.End.Value; at = Find(at)!.EndAddress)
            {
                if (Find(at) is not { } area || area.Has(VmFlags.Special))
                {
                    return Errno.EINVAL;
                }

                if (area.UserFaults is not null && handler is not null && area.UserFaults != handler)
                {
                    return Errno.EBUSY;
                }
            }

            Errno errno = SplitAt(range.Start.Value);
            errno = errno == Errno.None ? SplitAt(range.End.Value) : errno;
            for (int i = FirstEndingAfter(range.Start.Value); errno == Errno.None && AreaAt(i) is { } area && area.StartAddress < range.End.Value; i++)
            {
                area.UserFaults = handler;
                area.Flags = handler is null ? area.Flags & ~VmFlags.UserFaultMissing : area.Flags | VmFlags.UserFaultMissing;
            }

            return errno;
        }
        finally
        {
            _lock.ExitWrite();
        }
    }

    /// <summary>Puts a page of bytes where nothing is yet (<c>UFFDIO_COPY</c>); whoever waits for it finds it.</summary>
    /// <param name="page">On a page boundary, in private anonymous memory.</param>
    /// <param name="bytes">4 KiB.</param>
    /// <returns><see cref="Errno.EINVAL"/> for another address or length; <see cref="Errno.ENOENT"/> where nothing is mapped; <see cref="Errno.EEXIST"/> where a page is;
    /// <see cref="Errno.ENOMEM"/>.</returns>
    public Errno TryFillPage(VirtualAddress page, ReadOnlySpan<byte> bytes)
    {
        ThrowIfDisposed();
        if (!page.IsAligned(PageSize.Size4K) || (ulong)bytes.Length != PageSize.Size4K || page.Value >= End)
        {
            return Errno.EINVAL;
        }

        EnterLive();
        try
        {
            VirtualMemoryArea? area = Find(page.Value);
            return area is null ? Errno.ENOENT : !area.IsAnonymous ? Errno.EINVAL : Fill(area, page.Value, bytes);
        }
        finally
        {
            _lock.ExitRead();
        }
    }

    private Errno Fill(VirtualMemoryArea area, ulong address, ReadOnlySpan<byte> bytes)
    {
        ulong* pmd = MakePmdOf(address);
        bool isHuge = false;
        ulong* table = pmd == null ? null : MakeTable(pmd, out isHuge);
        if (table == null)
        {
            return isHuge ? Errno.EEXIST : Errno.ENOMEM;
        }

        if (PrepareFamily(area) != Errno.None || Memory.TryAllocate(0, Group, out Page page) != Errno.None)
        {
            return Errno.ENOMEM;
        }

        // SAFETY: a fresh page of ours.
        bytes.CopyTo(new Span<byte>(Memory.BytesOf(page), (int)PageSize.Size4K));
        ulong* at = EntryAt(table, address);
        ref int tableLock = ref LockOf(at);
        WordLock.Enter(ref tableLock, "page table lock");
        bool isMine = *at == 0;
        if (isMine)
        {
            MapOwn(area, address, page);
            CountAnonymous(1);
            Volatile.Write(ref *at, PageEntry.Present(page.Key, UserBits(area) | WriteBits(area) | PageEntry.DirtyBit | PageEntry.SoftDirtyBit).Value);
        }

        WordLock.Exit(ref tableLock);
        if (!isMine)
        {
            Memory.Put(page);
        }

        return isMine ? Errno.None : Errno.EEXIST;
    }

    /// <summary>Lets user space serve a fault without the lock, if the thread entered it only once; false where the page cannot be had.</summary>
    private bool ServeUserFault(ulong address, bool isWrite)
    {
        IUserFaultHandler? handler = Find(address)?.UserFaults;
        if (handler is null)
        {
            return true;
        }

        if (!AreaLock.IsHeldOnce)
        {
            return false;
        }

        _lock.ExitRead();
        bool isServed;
        try
        {
            isServed = handler.Serve(this, new(address & ~(PageSize.Size4K - 1)), isWrite);
        }
        finally
        {
            _lock.EnterRead();
        }

        return isServed && !_isDisposed;
    }
}
