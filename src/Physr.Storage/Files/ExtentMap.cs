// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Storage.Files;

/// <summary>Where the pages of one file lie: extents by page, found by halving. What has no extent is a hole.</summary>
internal sealed class ExtentMap
{
    private readonly List<Extent> _extents = [];

    /// <summary>How many extents.</summary>
    public int Count => _extents.Count;

    /// <summary>By page.</summary>
    public ReadOnlySpan<Extent> All => CollectionsMarshal.AsSpan(_extents);

    /// <summary>The first page behind the last extent.</summary>
    public ulong End => _extents.Count == 0 ? 0 : _extents[^1].End;

    /// <summary>The rest of an extent from a page on.</summary>
    /// <returns>False in a hole; <paramref name="rest"/> is the hole then, up to the next extent or the end of pages, and its block means nothing.</returns>
    public bool TryFind(ulong page, out Extent rest)
    {
        int index = IndexOf(page);
        if (index == _extents.Count)
        {
            rest = new(page, 0, ulong.MaxValue - page);
            return false;
        }

        Extent extent = _extents[index];
        bool isHere = extent.Page <= page;
        rest = isHere ? new(page, extent.Block + (page - extent.Page), extent.End - page) : new(page, 0, extent.Page - page);
        return isHere;
    }

    /// <summary>Adds an extent where there is a hole, and joins it with its neighbours where these go on.</summary>
    public void Add(Extent extent)
    {
        int index = IndexOf(extent.Page);
        if (index < _extents.Count && extent.End == _extents[index].Page && extent.Block + extent.Count == _extents[index].Block)
        {
            extent = extent with { Count = extent.Count + _extents[index].Count };
            _extents.RemoveAt(index);
        }

        if (index > 0 && _extents[index - 1].End == extent.Page && _extents[index - 1].Block + _extents[index - 1].Count == extent.Block)
        {
            _extents[index - 1] = _extents[index - 1] with { Count = _extents[index - 1].Count + extent.Count };
        }
        else
        {
            _extents.Insert(index, extent);
        }
    }

    /// <summary>Makes a hole.</summary>
    /// <param name="page">The first page.</param>
    /// <param name="count">Pages.</param>
    /// <param name="gone">Gets what was there.</param>
    public void Cut(ulong page, ulong count, List<Extent> gone)
    {
        ulong end = page + Math.Min(count, ulong.MaxValue - page);
        int first = IndexOf(page);
        int last = first;
        Extent? left = null;
        Extent? right = null;
        for (; last < _extents.Count && _extents[last].Page < end; last++)
        {
            Extent extent = _extents[last];
            ulong from = Math.Max(page, extent.Page);
            ulong to = Math.Min(end, extent.End);
            gone.Add(new(from, extent.Block + (from - extent.Page), to - from));
            left = from > extent.Page ? extent with { Count = from - extent.Page } : left;
            right = to < extent.End ? new(to, extent.Block + (to - extent.Page), extent.End - to) : right;
        }

        _extents.RemoveRange(first, last - first);
        if (right is { } behind)
        {
            _extents.Insert(first, behind);
        }

        if (left is { } before)
        {
            _extents.Insert(first, before);
        }
    }

    /// <summary>Whether a hole would make two extents of one.</summary>
    public bool WouldSplit(ulong page, ulong count)
    {
        int index = IndexOf(page);
        return index < _extents.Count && _extents[index].Page < page && _extents[index].End > page + count;
    }

    /// <summary>Takes all of another file's extents.</summary>
    public void CopyFrom(ExtentMap other) => _extents.AddRange(other._extents);

    /// <summary>The first extent that ends behind a page.</summary>
    private int IndexOf(ulong page)
    {
        int low = 0;
        int high = _extents.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_extents[middle].End <= page)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
