// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

public readonly unsafe partial struct DevicePage
{
    /// <summary>Takes one more reference to the (head) page.</summary>
    /// <returns>False for a page that is not allocated (private, coherent, P2P), and for an idle page of a pagemap that was killed.</returns>
    public bool TryGet()
    {
        int idle = Registration.Type == MemoryType.Generic ? 1 : 0;
        bool countsUse = Registration.Type is MemoryType.Generic or MemoryType.FsDax;
        SpinWait spinner = default;
        while (true)
        {
            DevicePage head = Head;
            ref int count = ref head.Descriptor.ReferenceCount;
            int seen = Volatile.Read(ref count);
            if (seen < 0)
            {
                // Becoming a part of a large page, or single again.
                spinner.SpinOnce();
                continue;
            }

            bool first = seen == idle;
            if (first && (!countsUse || !Registration.References.TryAcquire()))
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref count, seen + 1, seen) != seen)
            {
                if (first)
                {
                    Registration.References.Release();
                }

                continue;
            }

            if (Head.PageNumber == head.PageNumber)
            {
                return true;
            }

            head.Put();
        }
    }

    /// <summary>Gives one reference to the (head) page back; the last one frees it (row R11).</summary>
    /// <returns>Whether the page is idle now.</returns>
    /// <exception cref="PhysrException">The page was idle.</exception>
    public bool Put()
    {
        DevicePage head = Head;
        PagemapRegistration registration = Registration;
        bool isGeneric = registration.Type == MemoryType.Generic;
        int count = Interlocked.Decrement(ref head.Descriptor.ReferenceCount);
        if (count < (isGeneric ? 1 : 0))
        {
            // The driver's own reference to a generic page never goes (row R11b).
            Interlocked.Increment(ref head.Descriptor.ReferenceCount);
            return isGeneric ? true : throw new PhysrException("put page", ToString(), Errno.EINVAL, "the page is idle already");
        }

        if (count != (isGeneric ? 1 : 0))
        {
            return false;
        }

        head.Free(registration);
        return true;
    }

    /// <summary>Takes the page lock if it is free.</summary>
    public bool TryLock() => (Set(PageFlags.Locked) & PageFlags.Locked) == PageFlags.None;

    /// <summary>Gives the page lock back.</summary>
    /// <exception cref="PhysrException">Nobody held it.</exception>
    public void Unlock()
    {
        if ((Clear(PageFlags.Locked) & PageFlags.Locked) == PageFlags.None)
        {
            throw new PhysrException("unlock page", ToString(), Errno.EINVAL, "the page is not locked");
        }
    }

    /// <summary>Sets flags atomically and returns those before.</summary>
    public PageFlags Set(PageFlags flags) => (PageFlags)Interlocked.Or(ref Descriptor.FlagBits, (ulong)flags);

    /// <summary>Clears flags atomically and returns those before.</summary>
    public PageFlags Clear(PageFlags flags) => (PageFlags)Interlocked.And(ref Descriptor.FlagBits, ~(ulong)flags);

    /// <summary>Makes an idle run of pages one allocated page: one reference, locked, nothing left of its past (row R12).</summary>
    internal static Errno Initialize(PagemapRegistration registration, ulong page, int order, bool locked, out DevicePage allocated)
    {
        allocated = default;
        ulong pages = 1UL << order;
        DescriptorStorage? storage = registration.Find(page);
        if (storage is null || storage.Layout.Order != 0 || ((page - storage.FirstPage) & (pages - 1)) != 0
            || !registration.IsDataPage(page) || !storage.Contains(page + pages - 1))
        {
            return Errno.EINVAL;
        }

        PageDescriptor* first = storage.At(page);
        bool isIdleHead = Volatile.Read(ref first->ReferenceCount) == 0;
        for (ulong i = 0; i < pages; i++)
        {
            // SAFETY: page + i is inside the storage, as checked above. A tail of the page that is asked for, while its head is idle, is idle too.
            PageDescriptor* each = i < BlockPages(storage) ? first + i : storage.At(page + i);
            bool isOwnTail = isIdleHead && i != 0 && each->HeadDistance == i;
            if (Volatile.Read(ref each->ReferenceCount) != 0 || (!isOwnTail && IsAllocatedTail(registration, storage, page + i)))
            {
                return Errno.EBUSY;
            }
        }

        if (!registration.References.TryAcquire((long)pages))
        {
            return Errno.ENODEV;
        }

        for (ulong i = 0; i < pages; i++)
        {
            // SAFETY: as above; the pages are idle, so nobody else writes their descriptors.
            PageDescriptor* descriptor = i < BlockPages(storage) ? first + i : storage.At(page + i);
            // In one piece: whoever still looks whose page it was finds the same pagemap at any moment.
            *descriptor = new()
            {
                PagemapId = registration.Id,
                HeadDistance = (uint)i,
                FlagBits = order == 0 ? 0 : (ulong)(i == 0 ? PageFlags.Head : PageFlags.Tail),
            };
        }

        // SAFETY: as above.
        allocated = new(registration, storage.At(page), page);
        allocated.Descriptor.OrderValue = (byte)order;
        allocated.Set(locked ? PageFlags.Locked : PageFlags.None);
        Volatile.Write(ref allocated.Descriptor.ReferenceCount, 1);
        return Errno.None;
    }

    /// <summary>Breaks a large private page with one reference into single pages with one reference each.</summary>
    internal Errno Split() => Registration.Type == MemoryType.DevicePrivate || Order == 0 ? SplitHeld(1) : Errno.EOPNOTSUPP;

    /// <summary>The same for private and coherent memory, by somebody who knows of all references; those beyond the first stay with the head.</summary>
    internal Errno SplitHeld(int references)
    {
        int order = Order;
        if (order == 0 || ReferenceCount != references || !Registration.Type.Attributes().CountsReferencesPerAllocation)
        {
            return order == 0 || ReferenceCount == references ? Errno.EINVAL : Errno.EAGAIN;
        }

        DescriptorStorage storage = Registration.Find(_page)!;
        Clear(PageFlags.Head);
        Descriptor.OrderValue = 0;
        for (ulong i = 1; i < 1UL << order; i++)
        {
            // SAFETY: the whole large page lies in this storage, and its one reference is the caller's.
            DevicePage tail = new(Registration, storage.At(_page + i), _page + i);
            ref PageDescriptor descriptor = ref tail.Descriptor;
            descriptor.FlagBits = Descriptor.FlagBits;
            descriptor.HeadDistance = 0;
            descriptor.GroupId = Descriptor.GroupId;
            descriptor.Mapping = Descriptor.Mapping;
            descriptor.Index = Descriptor.Index + i;
            Volatile.Write(ref descriptor.ReferenceCount, 1);
            Pagemap.FolioSplit?.Invoke(this, tail);
        }

        return Errno.None;
    }

    /// <summary>How many descriptors lie beside each other, from a multiple of as many pages on.</summary>
    private static ulong BlockPages(DescriptorStorage storage) => 1UL << storage.Layout.BlockOrder;

    // A tail's own count is always 0; whether it is in use is its head's to say. What a freed page says of its head is stale: it counts only if the head
    // is allocated and still reaches that far.
    private static bool IsAllocatedTail(PagemapRegistration registration, DescriptorStorage storage, ulong page)
    {
        // SAFETY: the caller checked the page.
        DevicePage tail = new(registration, storage.At(page), page);
        return (tail.Flags & PageFlags.Tail) != PageFlags.None && tail.Head is { ReferenceCount: not 0 } head && page - head.PageNumber < 1UL << head.Order;
    }

    private void Free(PagemapRegistration registration)
    {
        long pages = 1L << Order;
        if (Descriptor.GroupId != 0)
        {
            registration.Map.OnPageReleased(this);
        }

        Clear(PageFlags.AnonymousExclusive);
        if (registration.Type is not (MemoryType.FsDax or MemoryType.Generic))
        {
            Descriptor.Mapping = 0;
        }

        switch (registration.Type)
        {
            case MemoryType.DevicePrivate or MemoryType.DeviceCoherent:
                registration.Pagemap.FolioFree!(this);
                registration.References.Release(pages);
                break;
            case MemoryType.FsDax:
                BreakIdle();
                registration.Pagemap.PageIdle?.Invoke(this);
                registration.References.Release();
                if (registration.References.Users == 0)
                {
                    registration.Pagemap.AllIdle?.Invoke(registration.Pagemap);
                }

                break;
            case MemoryType.PciP2P:
                registration.Pagemap.FolioFree?.Invoke(this);
                registration.References.Release(pages);
                break;
            default:
                registration.References.Release();
                break;
        }
    }
}
