// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Mm;

/// <content>Taking a page out from under its entries, and putting another in its place.</content>
public sealed unsafe partial class PhysicalMemory
{
    // SAFETY: a page's descriptor is native memory that stays while the page is held, or while an entry seen below its table's lock names it.
    /// <summary>Replaces every entry that maps a locked page by a migration entry; their references are given back. Entries of pages that are pinned stay.</summary>
    internal void Unmap(Page head)
    {
        UnmapVisitor visitor = new(head, isPoison: false);
        Walk(head, ref visitor);
        if (visitor.Released != 0)
        {
            Put(head, visitor.Released);
        }
    }

    /// <summary>Replaces every migration entry of a page by an entry of another, or of the same; both locked, and <paramref name="to"/> knows its place.</summary>
    internal void Restore(Page from, Page to)
    {
        RestoreVisitor visitor = new(this, from, to);
        Walk(to, ref visitor);
    }

    /// <summary>Hands what a page is to another of the same order: whose it is, where, its flags and its charge. The bytes are the caller's business.</summary>
    internal void MoveState(Page from, Page to)
    {
        const PageFlags Kept = PageFlags.Anonymous | PageFlags.Dirty | PageFlags.LazyFree | PageFlags.SharedMemory;
        to.Descriptor->Mapping = from.Descriptor->Mapping;
        to.Descriptor->Index = from.Descriptor->Index;
        to.Set(from.Flags & Kept);
        from.Descriptor->Mapping = 0;
        from.Clear(PageFlags.Dirty | PageFlags.LazyFree | PageFlags.AnonymousExclusive);
        MoveCharge(from, to);
    }

    /// <summary>The references that a page has which is locked, held once and mapped nowhere: those of the caches that know it.</summary>
    internal static int ExpectedReferences(Page head) => 1 + (head.IsAnonymous || head.Descriptor->Mapping == 0 ? 0 : 1) + (head.Has(PageFlags.SwapCache) ? 1 : 0);

    /// <summary>What stands in an entry's place while its page is on its way; false where it has to stay.</summary>
    internal static bool TryMigrationEntry(PageEntry entry, Page page, out PageEntry replacement)
    {
        replacement = default;
        bool isExclusive = page.Has(PageFlags.AnonymousExclusive);
        if (isExclusive && page.Head.Pins > 0)
        {
            return false;
        }

        bool isWritable = entry.IsWritable || entry.Kind is PageEntryKind.DevicePrivateWrite or PageEntryKind.DeviceExclusive;
        PageEntryKind kind = isWritable ? PageEntryKind.MigrationWrite : isExclusive ? PageEntryKind.MigrationReadExclusive : PageEntryKind.MigrationRead;
        page.Clear(PageFlags.AnonymousExclusive);
        replacement = new(PageEntry.Special(kind, page.Key).Value | (entry.Value & (PageEntry.HugeBit | PageEntry.SoftDirtyBit | PageEntry.YoungBit | PageEntry.DirtyBit)));
        return true;
    }

    /// <summary>The entry that takes a migration entry's place, for the page that the bytes are in now.</summary>
    internal PageEntry RestoredEntry(VirtualMemoryArea area, PageEntry migration, Page page)
    {
        bool isWritable = migration.Kind == PageEntryKind.MigrationWrite;
        if (page.Head.IsAnonymous && migration.Kind != PageEntryKind.MigrationRead)
        {
            page.Set(PageFlags.AnonymousExclusive);
        }

        if (!page.IsRam && DeviceOf(page.Head).Pagemap.Type == MemoryType.DevicePrivate)
        {
            PageEntryKind kind = isWritable ? PageEntryKind.DevicePrivateWrite : PageEntryKind.DevicePrivateRead;
            return new(PageEntry.Special(kind, page.Key).Value | (migration.Value & (PageEntry.SoftDirtyBit | PageEntry.DirtyBit)));
        }

        ulong bits = AddressSpace.UserBits(area) | (migration.Value & (PageEntry.SoftDirtyBit | PageEntry.YoungBit | PageEntry.DirtyBit));
        return PageEntry.Present(page.Key, bits | (isWritable ? AddressSpace.WriteBits(area) : 0));
    }

    /// <summary>Moves a page of a device that the CPU can address to RAM; the caller's reference goes (<c>migrate_device_coherent_folio</c>, row R29).</summary>
    /// <returns><see cref="Errno.EBUSY"/> where others hold it; <see cref="Errno.ENOMEM"/>.</returns>
    internal Errno MoveToRam(Page head)
    {
        head.Lock();
        Errno errno = MoveLocked(head);
        head.Unlock();
        Put(head);
        return errno;
    }

    private Errno MoveLocked(Page head)
    {
        if (head.TotalMapCount == 0)
        {
            // Somebody else was first.
            return Errno.None;
        }

        Errno errno = TryAllocate(head.Order, null, out Page to);
        if (errno != Errno.None)
        {
            return errno;
        }

        to.Lock();
        Unmap(head);
        if (head.TotalMapCount != 0 || head.References != ExpectedReferences(head))
        {
            Restore(head, head);
            to.Unlock();
            Put(to);
            return Errno.EBUSY;
        }

        Copy(head, to, head.Order);
        MoveState(head, to);
        Restore(head, to);
        to.Unlock();
        Put(to);
        return Errno.None;
    }
}
