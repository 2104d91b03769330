// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iova;

/// <content>The tree's shape: nodes in an array, the path from the root kept beside, heights and largest orders mended on the way back up.</content>
internal sealed partial class IovaGapTree
{
    /// <summary>More levels than a balanced tree of two thousand million nodes has.</summary>
    private readonly int[] _path = new int[48];
    private int _depth;

    /// <summary>The gaps next to a granule: the highest that starts at or below it, and the lowest that starts above; 0 for none.</summary>
    private (int Below, int Above) Neighbours(ulong granule)
    {
        (int below, int above) = (0, 0);
        int node = _root;
        while (node != 0)
        {
            ref IovaGap gap = ref _nodes[node];
            if (gap.Start <= granule)
            {
                below = node;
                node = gap.Right;
            }
            else
            {
                above = node;
                node = gap.Left;
            }
        }

        return (below, above);
    }

    /// <summary>Walks to the gap that starts at <paramref name="start"/>, itself included in the path, or to where it would hang.</summary>
    private int Descend(ulong start)
    {
        _depth = 0;
        int node = _root;
        while (node != 0)
        {
            _path[_depth++] = node;
            ref IovaGap gap = ref _nodes[node];
            if (gap.Start == start)
            {
                break;
            }

            node = start < gap.Start ? gap.Left : gap.Right;
        }

        return node;
    }

    private void Insert(ulong start, ulong end)
    {
        int node = _freeNode;
        if (node != 0)
        {
            _freeNode = _nodes[node].Left;
        }
        else
        {
            node = _usedNodes++;
        }

        _nodes[node] = new() { Start = start, End = end, Height = 1 };
        _nodes[node].Measure();
        _nodes[node].MaxOrder = _nodes[node].Order;
        Descend(start);
        if (_depth == 0)
        {
            _root = node;
            return;
        }

        ref IovaGap parent = ref _nodes[_path[_depth - 1]];
        if (start < parent.Start)
        {
            parent.Left = node;
        }
        else
        {
            parent.Right = node;
        }

        MendPath();
    }

    /// <summary>Moves the bounds of the gap that starts at <paramref name="start"/>, never past a neighbour.</summary>
    private void SetBounds(ulong start, ulong newStart, ulong newEnd)
    {
        ref IovaGap gap = ref _nodes[Descend(start)];
        gap.Start = newStart;
        gap.End = newEnd;
        gap.Measure();

        // The shape stays; only largest orders change, and no further up than they do.
        for (int i = _depth - 1; i >= 0; i--)
        {
            ref IovaGap above = ref _nodes[_path[i]];
            byte max = MaxOrderOf(in above);
            if (max == above.MaxOrder && i != _depth - 1)
            {
                break;
            }

            above.MaxOrder = max;
        }
    }

    private void Remove(ulong start)
    {
        int node = Descend(start);
        if (_nodes[node].Left != 0 && _nodes[node].Right != 0)
        {
            // The next gap's content moves here, and its node, which has nothing below it on the left, goes instead.
            int next = _nodes[node].Right;
            _path[_depth++] = next;
            while (_nodes[next].Left != 0)
            {
                next = _nodes[next].Left;
                _path[_depth++] = next;
            }

            (_nodes[node].Start, _nodes[node].End, _nodes[node].Order) = (_nodes[next].Start, _nodes[next].End, _nodes[next].Order);
            node = next;
        }

        _depth--;
        Relink(node, _nodes[node].Left != 0 ? _nodes[node].Left : _nodes[node].Right);
        _nodes[node] = new() { Left = _freeNode };
        _freeNode = node;
        MendPath();
    }

    /// <summary>Puts another subtree where <paramref name="old"/> hung, under the last of the path.</summary>
    private void Relink(int old, int subtree)
    {
        if (_depth == 0)
        {
            _root = subtree;
            return;
        }

        ref IovaGap parent = ref _nodes[_path[_depth - 1]];
        if (parent.Left == old)
        {
            parent.Left = subtree;
        }
        else
        {
            parent.Right = subtree;
        }
    }

    private void MendPath()
    {
        while (_depth > 0)
        {
            int node = _path[--_depth];
            Relink(node, Balance(node));
        }
    }

    /// <summary>Mends a node whose subtrees are right and differ by at most two levels; gives the node that is then on top.</summary>
    private int Balance(int node)
    {
        ref IovaGap gap = ref _nodes[node];
        int lean = _nodes[gap.Left].Height - _nodes[gap.Right].Height;
        if (lean > 1)
        {
            if (_nodes[_nodes[gap.Left].Left].Height < _nodes[_nodes[gap.Left].Right].Height)
            {
                gap.Left = RotateLeft(gap.Left);
            }

            return RotateRight(node);
        }

        if (lean < -1)
        {
            if (_nodes[_nodes[gap.Right].Right].Height < _nodes[_nodes[gap.Right].Left].Height)
            {
                gap.Right = RotateRight(gap.Right);
            }

            return RotateLeft(node);
        }

        Mend(node);
        return node;
    }

    private int RotateRight(int node)
    {
        int top = _nodes[node].Left;
        _nodes[node].Left = _nodes[top].Right;
        _nodes[top].Right = node;
        Mend(node);
        Mend(top);
        return top;
    }

    private int RotateLeft(int node)
    {
        int top = _nodes[node].Right;
        _nodes[node].Right = _nodes[top].Left;
        _nodes[top].Left = node;
        Mend(node);
        Mend(top);
        return top;
    }

    private void Mend(int node)
    {
        ref IovaGap gap = ref _nodes[node];
        gap.Height = (byte)(1 + Math.Max(_nodes[gap.Left].Height, _nodes[gap.Right].Height));
        gap.MaxOrder = MaxOrderOf(in gap);
    }

    /// <summary>Node 0, no node, has order 0 and height 0, so it never wins.</summary>
    private byte MaxOrderOf(in IovaGap gap) => Math.Max(gap.Order, Math.Max(_nodes[gap.Left].MaxOrder, _nodes[gap.Right].MaxOrder));
}
