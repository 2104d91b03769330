// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Collections.Concurrent;

namespace Physr.Mm;

/// <content>Which entries map a page.</content>
public sealed unsafe partial class PhysicalMemory
{
    // SAFETY: a page's descriptor is native memory that stays while the page is held, or while an entry seen below its table's lock names it.

    private readonly ConcurrentDictionary<ulong, ReverseMapping> _mappings = new();
    private ulong _lastMapping;

    internal ReverseMapping CreateMapping(MemoryFile? file = null)
    {
        ReverseMapping mapping = new(Interlocked.Increment(ref _lastMapping), file);
        _mappings[mapping.Id] = mapping;
        return mapping;
    }

    internal void Forget(ReverseMapping mapping) => _mappings.TryRemove(mapping.Id, out _);

    internal ReverseMapping? MappingOf(Page head) => head.Descriptor->Mapping != 0 && _mappings.TryGetValue(head.Descriptor->Mapping, out ReverseMapping? found) ? found : null;

    /// <summary>A page that several files share names none of them: each is asked.</summary>
    private void WalkShared<TVisitor>(Page head, ref TVisitor visitor)
        where TVisitor : struct, IMappingVisitor
    {
        if (head.Descriptor->Share == 0)
        {
            return;
        }

        foreach (ReverseMapping mapping in _mappings.Values)
        {
            foreach ((ulong index, int part, int pages) in (mapping.File as DaxFile)?.PlacesOf(head.Key.Frame, head.Pages) ?? [])
            {
                mapping.Enter();
                foreach (VirtualMemoryArea area in mapping.Areas)
                {
                    ulong from = Math.Max(index, area.PageOffset);
                    ulong to = Math.Min(index + (ulong)pages, area.PageOffset + area.Pages);
                    if (from < to)
                    {
                        area.TryFindAddress(from, out ulong address);
                        visitor.Visit(area, address, part + (int)(from - index), (int)(to - from));
                    }
                }

                mapping.Exit();
            }
        }
    }

    /// <summary>Visits every place where the (head) page, or a part of it, may be mapped. Its lock is held by the caller; the visitor takes the tables' locks.</summary>
    internal void Walk<TVisitor>(Page head, ref TVisitor visitor)
        where TVisitor : struct, IMappingVisitor
    {
        if (MappingOf(head) is not { } mapping)
        {
            WalkShared(head, ref visitor);
            return;
        }

        mapping.Enter();
        try
        {
            ulong first = head.Descriptor->Index;
            ulong pages = (ulong)head.Pages;
            foreach (VirtualMemoryArea area in mapping.Areas)
            {
                ulong from = Math.Max(first, area.PageOffset);
                ulong to = Math.Min(first + pages, area.PageOffset + area.Pages);
                if (from < to)
                {
                    area.TryFindAddress(from, out ulong address);
                    visitor.Visit(area, address, (int)(from - first), (int)(to - from));
                }
            }
        }
        finally
        {
            mapping.Exit();
        }
    }
}
