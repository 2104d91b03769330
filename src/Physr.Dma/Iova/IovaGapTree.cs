// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iova;

/// <summary>The free gaps of one part of the space, in granules: a height-balanced tree by address in which each node knows the largest aligned power of two that its subtree
/// can give. So the highest gap for a size is found in O(log n), and that there is none is known from the root alone: the tree remembers for every size at once
/// that it is full (the kernel remembers one size, <c>max32_alloc_size</c>, and otherwise walks from run to run).</summary>
/// <remarks>Not thread-safe. Giving back never fails: the nodes that it may need are set aside when the run is taken.</remarks>
internal sealed partial class IovaGapTree
{
    private IovaGap[] _nodes = new IovaGap[4];
    private int _root;
    private int _freeNode;
    private int _usedNodes = 1;

    /// <summary>Taken intervals: gaps are at most one more, so this bounds the nodes.</summary>
    private int _taken;

    /// <summary>Makes a tree with one gap; none when <paramref name="end"/> is not above <paramref name="start"/>.</summary>
    public IovaGapTree(ulong start, ulong end)
    {
        if (start < end)
        {
            Insert(start, end);
        }
    }

    /// <summary>The largest n for which an aligned run of 2^n granules is free; -1 for none.</summary>
    public int MaxOrder => _root == 0 ? -1 : _nodes[_root].MaxOrder;

    /// <summary>Whether a run can be taken without growing.</summary>
    public bool HasRoom => _nodes.Length >= _taken + 3;

    /// <summary>Makes room for the next <see cref="TryTake"/> or <see cref="Carve"/> and what gives it back.</summary>
    public void Grow() => Array.Resize(ref _nodes, 2 * _nodes.Length);

    /// <summary>Takes the highest run that fits. The caller has seen to <see cref="HasRoom"/>.</summary>
    /// <param name="size">Granules, more than 2^(order - 1) and at most 2^order.</param>
    /// <param name="order">Its alignment: 2^order granules.</param>
    /// <param name="limit">One past the highest granule that it may use.</param>
    /// <param name="start">Its first granule.</param>
    public bool TryTake(ulong size, int order, ulong limit, out ulong start)
    {
        // A whole power of two fits where the order says so; less than one may fit where an order less is.
        int least = size == 1UL << order ? order : order - 1;
        int node = FindHighest(_root, size, order, least, limit, out start);
        if (node == 0)
        {
            return false;
        }

        Cut(node, start, start + size);
        _taken++;
        return true;
    }

    /// <summary>Gives a run back.</summary>
    /// <returns>False, with nothing changed, when a part of it is free already.</returns>
    public bool TryGiveBack(ulong start, ulong end)
    {
        (int below, int above) = Neighbours(start);
        if ((below != 0 && _nodes[below].End > start) || (above != 0 && _nodes[above].Start < end))
        {
            return false;
        }

        bool joinsBelow = below != 0 && _nodes[below].End == start;
        if (above != 0 && _nodes[above].Start == end)
        {
            if (joinsBelow)
            {
                // The removal may move content between nodes, so the gap below is looked up again.
                ulong from = _nodes[below].Start;
                ulong to = _nodes[above].End;
                Remove(end);
                SetBounds(from, from, to);
            }
            else
            {
                SetBounds(end, start, _nodes[above].End);
            }
        }
        else if (joinsBelow)
        {
            SetBounds(_nodes[below].Start, _nodes[below].Start, end);
        }
        else
        {
            Insert(start, end);
        }

        _taken--;
        return true;
    }

    /// <summary>The gap that holds a granule.</summary>
    /// <returns>One past its last granule; 0 when the granule is in no gap.</returns>
    public ulong EndOfGapAt(ulong granule)
    {
        (int below, _) = Neighbours(granule);
        return below != 0 && _nodes[below].End > granule ? _nodes[below].End : 0;
    }

    /// <summary>Takes out whatever is free of an interval, for good. The caller has seen to <see cref="HasRoom"/>.</summary>
    public void Carve(ulong start, ulong end)
    {
        (int below, int above) = Neighbours(start);
        int node = below != 0 && _nodes[below].End > start ? below : above;
        _taken += node != 0 && _nodes[node].Start < end ? 1 : 0;
        while (node != 0 && _nodes[node].Start < end)
        {
            Cut(node, Math.Max(start, _nodes[node].Start), Math.Min(end, _nodes[node].End));
            (_, node) = Neighbours(start);
        }
    }

    /// <summary>Takes an interval out of the gap that holds it.</summary>
    private void Cut(int node, ulong start, ulong end)
    {
        (ulong gapStart, ulong gapEnd) = (_nodes[node].Start, _nodes[node].End);
        if (gapStart == start && gapEnd == end)
        {
            Remove(gapStart);
        }
        else if (gapStart == start)
        {
            SetBounds(gapStart, end, gapEnd);
        }
        else
        {
            SetBounds(gapStart, gapStart, start);
            if (end != gapEnd)
            {
                Insert(end, gapEnd);
            }
        }
    }

    /// <summary>The highest gap of a subtree that holds such a run. Below the limit every subtree with the order answers at once; only along the limit's own path can one disappoint.</summary>
    private int FindHighest(int node, ulong size, int order, int least, ulong limit, out ulong start)
    {
        start = 0;
        while (node != 0 && _nodes[node].MaxOrder >= least)
        {
            ref IovaGap gap = ref _nodes[node];
            if (gap.Start < limit)
            {
                int higher = FindHighest(gap.Right, size, order, least, limit, out start);
                if (higher != 0)
                {
                    return higher;
                }

                if (gap.Order >= least && gap.TryFit(size, order, limit, out start))
                {
                    return node;
                }
            }

            node = gap.Left;
        }

        return 0;
    }
}
