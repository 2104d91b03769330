// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <content>File-system pages that are large while they are mapped so (row R81c).</content>
public readonly unsafe partial struct DevicePage
{
    // A count that says: nobody gets the page until its order is settled.
    private const int Frozen = int.MinValue / 2;

    /// <summary>Takes a reference to 2^<paramref name="order"/> file-system pages as one large page: it becomes one where all of them are idle, and is one where it was made before. It stays large until
    /// its last reference goes.</summary>
    /// <param name="order">log2 of the pages; this one is the first, at a multiple of as many.</param>
    /// <returns>False where a part of it is in use by itself, where one is lost or part of a page of another order, or where its pagemap lets nobody in.</returns>
    public bool TryGetLarge(int order)
    {
        if (Registration.Type != MemoryType.FsDax || order <= 0 || (_page & ((1UL << order) - 1)) != 0)
        {
            return false;
        }

        if (Order == order && Head.PageNumber == _page && TryGet())
        {
            if (Order == order)
            {
                return true;
            }

            Put();
            return false;
        }

        DescriptorStorage? storage = Registration.Find(_page);
        int pages = 1 << order;
        if (storage is null || !storage.Contains(_page + (ulong)pages - 1) || storage.Layout.BlockOrder < order || !Registration.References.TryAcquire())
        {
            return false;
        }

        // SAFETY: the pages lie in one block of this storage, whose pagemap the reference just taken keeps.
        PageDescriptor* first = storage.At(_page);
        int frozen = 0;
        bool isFree = true;
        while (isFree && frozen < pages)
        {
            isFree = Interlocked.CompareExchange(ref first[frozen].ReferenceCount, Frozen, 0) == 0;
            if (isFree)
            {
                isFree = (Volatile.Read(ref first[frozen].FlagBits) & (ulong)(PageFlags.Head | PageFlags.Tail | PageFlags.Poisoned)) == 0;
                frozen++;
            }
        }

        if (!isFree)
        {
            for (int i = 0; i < frozen; i++)
            {
                Volatile.Write(ref first[i].ReferenceCount, 0);
            }

            Registration.References.Release();
            return false;
        }

        for (int i = 1; i < pages; i++)
        {
            // Nobody else changes the flags of a page whose count is frozen, but who reports it lost: he looks again (TryPoison).
            first[i].HeadDistance = (uint)i;
            first[i].FlagBits |= (ulong)PageFlags.Tail;
            Volatile.Write(ref first[i].ReferenceCount, 0);
        }

        first->OrderValue = (byte)order;
        Interlocked.Or(ref first->FlagBits, (ulong)PageFlags.Head);
        Volatile.Write(ref first->ReferenceCount, 1);
        return true;
    }

    /// <summary>Marks the page as lost.</summary>
    /// <returns>False where it was marked before.</returns>
    internal bool TryPoison()
    {
        bool wasLost = (Set(PageFlags.Poisoned) & PageFlags.Poisoned) != PageFlags.None;
        SpinWait spinner = default;
        while (true)
        {
            while (ReferenceCount < 0)
            {
                spinner.SpinOnce();
            }

            // Whoever made it a part of a large page meanwhile may have written the flags that he had read before.
            if ((Flags & PageFlags.Poisoned) != PageFlags.None)
            {
                return !wasLost;
            }

            Set(PageFlags.Poisoned);
        }
    }

    /// <summary>Makes an idle large page single pages again; nothing where somebody has it again, or it is single.</summary>
    private void BreakIdle()
    {
        int order = Order;
        if (order == 0 || Interlocked.CompareExchange(ref Descriptor.ReferenceCount, Frozen, 0) != 0)
        {
            return;
        }

        // SAFETY: the large page lies in one block of its storage, and the caller's reference to the pagemap is not given back yet.
        PageDescriptor* first = Registration.Find(_page)!.At(_page);
        for (int i = 1; i < 1 << order; i++)
        {
            Interlocked.And(ref first[i].FlagBits, ~(ulong)PageFlags.Tail);
            first[i].HeadDistance = 0;
        }

        first->OrderValue = 0;
        Interlocked.And(ref first->FlagBits, ~(ulong)(PageFlags.Head | PageFlags.PartPoisoned));
        Volatile.Write(ref first->ReferenceCount, 0);
    }
}
