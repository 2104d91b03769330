// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Memory;

namespace Physr.Mm;

/// <content>Whose page a page is, when files share extents (rows R81, R82).</content>
public sealed unsafe partial class DaxFile
{
    // SAFETY: a page's descriptor is native memory that stays while the page is held, or while an entry seen below its table's lock names it. Descriptors of pages that are only associated stay while the
    // pagemap's reference does.

    // Two files that share an extent change the same descriptor.
    private static readonly Lock s_sharing = new();

    // By the first page: what of the file is mapped or was, until nobody holds it.
    private readonly Dictionary<ulong, Entry> _entries = [];
    private readonly HashSet<ulong> _dirty = [];

    private const ulong PagesPerLarge = 512;

    /// <summary>How often an alias of another order than the page's own was met (row R81d).</summary>
    public long OrderMismatches { get; private set; }

    /// <summary>Pages of the file that are mapped, or were and are held still.</summary>
    public long AssociatedPages
    {
        get
        {
            lock (_entries)
            {
                return _entries.Values.Sum(static entry => 1L << entry.Order);
            }
        }
    }

    /// <summary>Lets go of pages that nobody holds, where no area maps the file; with the last one, of the descriptors. Whoever made descriptors for the file calls it when its pagemap says
    /// <see cref="Pagemap.AllIdle"/>.</summary>
    public void DropIdle()
    {
        bool isForgotten = false;
        lock (_entries)
        {
            if (Mapping.IsEmpty)
            {
                foreach ((ulong index, Entry entry) in _entries)
                {
                    if (TryDisassociate(index, entry, evenBusy: false))
                    {
                        _entries.Remove(index);
                    }
                }

                isForgotten = _entries.Count == 0;
            }
        }

        if (isForgotten)
        {
            _extents.Forget();
        }
    }

    /// <summary>Where pages of a run of frames are in the file: first page, which part of the run, how many pages.</summary>
    internal List<(ulong Index, int Part, int Pages)> PlacesOf(PageFrameNumber first, int pages)
    {
        lock (_entries)
        {
            return [.. _entries.Where(entry => entry.Value.Frame.Value - first.Value < (ulong)pages)
                .Select(entry => (entry.Key, (int)(entry.Value.Frame.Value - first.Value), 1 << entry.Value.Order))];
        }
    }

    private void Associate(ulong index, int order, Page page)
    {
        lock (_entries)
        {
            if (order == 0 && _entries.TryGetValue(index & ~(PagesPerLarge - 1), out Entry large) && large.Order != 0)
            {
                return;
            }

            if (!_entries.TryAdd(index, new(page.Key.Frame, order, IsCounted: true)))
            {
                return;
            }
        }

        Page head = page.Head;
        lock (s_sharing)
        {
            ref PageDescriptor descriptor = ref *head.Descriptor;
            if (head.Order != order)
            {
                OrderMismatches++;
                Memory.Warn($"{Name}: page {index} has order {order}, and the page it aliases {head.Order}");
            }

            if (descriptor.Share != 0)
            {
                descriptor.Share++;
            }
            else if (descriptor.Mapping == 0)
            {
                descriptor.Mapping = Mapping.Id;
                descriptor.Index = index - (page.Key.Value - head.Key.Value);
            }
            else if (descriptor.Mapping != Mapping.Id || descriptor.Index + (page.Key.Value - head.Key.Value) != index)
            {
                // A second file, or the same one at another place: nobody's in particular from now on.
                descriptor.Mapping = 0;
                descriptor.Share = 2;
            }
        }
    }

    /// <summary>A page gets another place: its name goes from the old one. The others of a large page are kept track of one by one from then on.</summary>
    private void LeaveEntry(ulong index)
    {
        lock (_entries)
        {
            ulong first = index & ~(PagesPerLarge - 1);
            if (_entries.TryGetValue(first, out Entry large) && large.Order != 0)
            {
                for (ulong i = 0; i < PagesPerLarge; i++)
                {
                    _entries[first + i] = new(large.Frame.Add(i), 0, IsCounted: i == 0);
                }
            }

            if (_entries.Remove(index, out Entry entry))
            {
                TryDisassociate(index, entry, evenBusy: true);
            }
        }
    }

    /// <summary>Whether somebody holds a page besides those who map it: who maps it through another file that shares it holds nobody up.</summary>
    private bool IsHeld(DevicePage head)
    {
        int idle = head.Pagemap.Type == MemoryType.Generic ? 1 : 0;
        int references = head.ReferenceCount - idle;
        return references > 0 && references > Memory.PageOf(PageKey.Of(head.Frame)).TotalMapCount;
    }

    /// <summary>Takes the file's name off a page; false where somebody holds the page.</summary>
    private bool TryDisassociate(ulong index, Entry entry, bool evenBusy)
    {
        if (!Memory.Map.TryGetPagemap(entry.Frame, out PagemapReference reference))
        {
            return true;
        }

        using (reference)
        {
            if (!reference.Pagemap.TryGetPage(entry.Frame, out DevicePage device))
            {
                return true;
            }

            DevicePage head = device.Head;
            if (!evenBusy && IsHeld(head))
            {
                return false;
            }

            lock (s_sharing)
            {
                ref PageDescriptor descriptor = ref head.Descriptor;
                if ((head.Clear(PageFlags.Dirty) & PageFlags.Dirty) != PageFlags.None)
                {
                    for (ulong each = 0; each < 1UL << entry.Order; each++)
                    {
                        _dirty.Add(index + each);
                    }
                }

                if (!entry.IsCounted)
                {
                    return true;
                }

                if (descriptor.Share != 0)
                {
                    descriptor.Share--;
                }
                else if (descriptor.Mapping == Mapping.Id)
                {
                    descriptor.Mapping = 0;
                }
            }
        }

        return true;
    }

    /// <summary>A page or large page of the file that is associated with it.</summary>
    /// <param name="Frame">The first frame.</param>
    /// <param name="Order">0, or 9 for 2 MiB.</param>
    /// <param name="IsCounted">Whether the descriptor's share is this entry's to give back.</param>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Entry(PageFrameNumber Frame, int Order, bool IsCounted);
}
