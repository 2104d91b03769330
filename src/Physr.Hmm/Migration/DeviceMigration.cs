// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm;

namespace Physr.Hmm;

/// <summary>Moves pages of a device by where they lie in it, whoever maps them (<c>migrate_device_range</c>, <c>migrate_device_pfns</c>; row R39): how a driver makes room, or leaves.</summary>
public sealed class DeviceMigration : MigrationBatch
{
    /// <summary>Makes a migration to use again and again.</summary>
    /// <param name="memory">The host's memory.</param>
    /// <param name="owner">Whose device memory it takes.</param>
    public DeviceMigration(PhysicalMemory memory, object owner)
        : base(memory ?? throw new ArgumentNullException(nameof(memory)))
    {
        ArgumentNullException.ThrowIfNull(owner);
        OwnerOfPages = owner;
    }

    /// <summary>Locks and unmaps the pages of a run that are in use; idle ones are left out.</summary>
    /// <param name="first">The first page.</param>
    /// <param name="pages">How many, at least 1.</param>
    /// <returns><see cref="Errno.EINVAL"/> where the run is not all private or coherent memory of the owner's; nothing is held then.</returns>
    public Errno SetupRange(PageKey first, int pages)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pages);
        if (!IsOwn(first) || !IsOwn(first.Add((ulong)pages - 1)))
        {
            return Errno.EINVAL;
        }

        Begin(pages);
        for (int i = 0; i < pages; i++)
        {
            PageKey key = first.Add((ulong)i);
            i += IsOwn(key) ? Take(i, key, pages - i) : 0;
        }

        UnmapElsewhere();
        return Errno.None;
    }

    /// <summary>Locks and unmaps single pages; those that are idle or of others are left out.</summary>
    /// <param name="keys">The (head) pages. A page of 2 MiB takes 512 places, of which the first names it: the others are passed as any page that it has.</param>
    /// <returns><see cref="Errno.EINVAL"/> for no page.</returns>
    public Errno SetupPages(ReadOnlySpan<PageKey> keys)
    {
        if (keys.IsEmpty)
        {
            return Errno.EINVAL;
        }

        Begin(keys.Length);
        for (int i = 0; i < keys.Length; i++)
        {
            i += IsOwn(keys[i]) ? Take(i, keys[i], keys.Length - i) : 0;
        }

        UnmapElsewhere();
        return Errno.None;
    }

    private bool IsOwn(PageKey key)
    {
        Page page = Memory.PageOf(key);
        return !page.IsNull && !page.IsRam && ReferenceEquals(Memory.DeviceOf(page).Pagemap.Owner, OwnerOfPages) && Memory.DeviceOf(page).Pagemap.Attributes.CountsReferencesPerAllocation;
    }

    /// <summary>Takes one page in; gives how many places behind it belong to it.</summary>
    private int Take(int index, PageKey key, int room)
    {
        Page page = Memory.PageOf(key);
        if (page.Has(PageFlags.Tail) || !Memory.DeviceOf(page).TryGet())
        {
            return 0;
        }

        // Looked at again below the reference: it may have become a part of a large page meanwhile, whose head was taken then.
        if (page.Has(PageFlags.Tail) || page.Pages > room || !page.TryLock())
        {
            Memory.Put(page);
            return 0;
        }

        MigrateFlags large = page.Order != 0 ? MigrateFlags.Compound : MigrateFlags.None;
        Moving[index] = MigrateFrame.Of(key, MigrateFlags.Migrate | large);
        Collected++;
        return page.Pages - 1;
    }
}
