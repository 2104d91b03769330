// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Mm;

/// <content>Truncation and holes against mappings and DMA (<c>dax_break_layout</c>, row R83).</content>
public sealed partial class DaxFile
{
    /// <summary>Changes where bytes of the file lie: unmaps the pages everywhere, waits until nobody holds one (DMA may go on for long), then calls <paramref name="change"/> while no fault can map them
    /// again. Nothing has changed where it fails.</summary>
    /// <param name="first">The first page whose place changes.</param>
    /// <param name="pages">How many; <see cref="ulong.MaxValue"/> is all there are.</param>
    /// <param name="evenOwnCopies">Whether processes lose their own copies as well, as by truncation.</param>
    /// <param name="change">What the file system does meanwhile; what it returns is returned.</param>
    /// <param name="cancellationToken">Interrupts the wait.</param>
    /// <returns><see cref="Errno.EINTR"/> where the wait was interrupted.</returns>
    public Errno TryChangeLayout(ulong first, ulong pages, bool evenOwnCopies, Func<Errno> change, CancellationToken cancellationToken = default) =>
        TryChangeLayout(first, pages, evenOwnCopies, change, () => DaxIdle.Wait(() => IsBusy(first, pages), cancellationToken));

    /// <summary>The same, with a wait of the caller's.</summary>
    /// <param name="first">The first page whose place changes.</param>
    /// <param name="pages">How many.</param>
    /// <param name="evenOwnCopies">Whether processes lose their own copies as well.</param>
    /// <param name="change">What the file system does meanwhile.</param>
    /// <param name="wait">Called while pages are held, with no lock held; false gives up. Null does not wait at all.</param>
    /// <returns><see cref="Errno.EINTR"/> where <paramref name="wait"/> gave up; <see cref="Errno.ERESTARTSYS"/> where there is none and pages are held (row R83c).</returns>
    public Errno TryChangeLayout(ulong first, ulong pages, bool evenOwnCopies, Func<Errno> change, Func<bool>? wait)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(change);
        while (true)
        {
            _layout.EnterWrite();
            try
            {
                AddressSpace.ZapFile(this, first, pages, evenOwnCopies);
                if (!IsBusy(first, pages))
                {
                    ForgetEntries(first, pages);
                    return change();
                }
            }
            finally
            {
                _layout.ExitWrite();
            }

            if (wait is null)
            {
                return Errno.ERESTARTSYS;
            }

            if (!wait())
            {
                return Errno.EINTR;
            }
        }
    }

    /// <summary>Makes stores durable that were made through mappings (<c>msync</c>, <c>fsync</c>): entries are made clean and read-only first.</summary>
    /// <returns>The first failure; what could not be made durable stays dirty.</returns>
    public Errno Sync()
    {
        ThrowIfDisposed();
        Errno result = Errno.None;
        _layout.EnterRead();
        try
        {
            foreach ((ulong index, PageFrameNumber frame) in EntriesIn(0, ulong.MaxValue))
            {
                Page page = Memory.PageOf(PageKey.Of(frame));
                if (page.IsNull)
                {
                    continue;
                }

                ulong pages = (ulong)(page.Head.Equals(page) ? page.Pages : 1);
                bool isDirty = CleanEntries(page, index, pages) | ((page.Head.Clear(PageFlags.Dirty) & PageFlags.Dirty) != PageFlags.None);
                Errno errno = isDirty ? _extents.Persist(index, pages) : Errno.None;
                if (errno != Errno.None)
                {
                    page.Head.Set(PageFlags.Dirty);
                    result = result == Errno.None ? errno : result;
                }
            }

            ulong[] left;
            lock (s_sharing)
            {
                left = [.. _dirty.Where(index => index < PageCount)];
                _dirty.Clear();
            }

            foreach (ulong index in left)
            {
                Errno errno = _extents.Persist(index, 1);
                if (errno != Errno.None)
                {
                    lock (s_sharing)
                    {
                        _dirty.Add(index);
                    }

                    result = result == Errno.None ? errno : result;
                }
            }
        }
        finally
        {
            _layout.ExitRead();
        }

        return result;
    }

    /// <summary>Whether somebody holds a page past the page tables: a transfer, a pin.</summary>
    public bool IsBusy(ulong first, ulong pages)
    {
        foreach ((ulong _, PageFrameNumber frame) in EntriesIn(first, pages))
        {
            if (Memory.Map.TryGetPagemap(frame, out PagemapReference reference))
            {
                using (reference)
                {
                    if (reference.Pagemap.TryGetPage(frame, out DevicePage device) && IsHeld(device.Head))
                    {
                        return true;
                    }
                }
            }
        }

        return false;
    }

    /// <summary>Makes the entries of a page or a large page clean and read-only, in every process, whatever their size.</summary>
    private bool CleanEntries(Page page, ulong index, ulong pages)
    {
        bool wasDirty = false;
        for (ulong i = 0; i < pages; i++)
        {
            wasDirty |= AddressSpace.CleanFilePage(this, page.At((int)i), index + i);
        }

        return wasDirty;
    }

    private List<(ulong Index, PageFrameNumber Frame)> EntriesIn(ulong first, ulong pages)
    {
        ulong end = pages > ulong.MaxValue - first ? ulong.MaxValue : first + pages;
        lock (_entries)
        {
            return [.. _entries.Where(entry => entry.Key < end && entry.Key + (1UL << entry.Value.Order) > first).Select(static entry => (entry.Key, entry.Value.Frame)).OrderBy(static entry => entry.Key)];
        }
    }

    private void ForgetEntries(ulong first, ulong pages)
    {
        lock (_entries)
        {
            foreach ((ulong index, PageFrameNumber _) in EntriesIn(first, pages))
            {
                TryDisassociate(index, _entries[index], evenBusy: true);
                _entries.Remove(index);
            }
        }
    }
}
