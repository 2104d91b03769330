// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <content>Each device's mappings as a treap ordered by address, whose nodes know how far their subtree reaches: what overlaps a range is found in logarithmic time
/// although mappings may overlap one another, as they do without an IOMMU.</content>
internal sealed partial class DmaDebugTable
{
    // Any odd number serves: priorities need only be unrelated to addresses, and the same in every run.
    private uint _random = 0x9e37_79b9;

    /// <summary>The first mapping of a device, in order of address, that shares a byte with a range; 0 for none.</summary>
    public int FirstOver(DmaDebugDevice device, ulong start, ulong end) => Next(device.Root, start, end, 0);

    /// <summary>The one after another.</summary>
    public int NextOver(DmaDebugDevice device, ulong start, ulong end, int after) => Next(device.Root, start, end, after);

    private int Next(int node, ulong start, ulong end, int after)
    {
        while (node != 0)
        {
            ref DmaDebugEntry entry = ref this[node];
            if (entry.MaxEnd <= start)
            {
                return 0;
            }

            bool isAfter = after == 0 || Precedes(after, node);
            if (isAfter)
            {
                int left = Next(entry.Left, start, end, after);
                if (left != 0)
                {
                    return left;
                }
            }

            if (entry.Start >= end)
            {
                return 0;
            }

            if (isAfter && entry.End > start)
            {
                return node;
            }

            node = entry.Right;
        }

        return 0;
    }

    private bool Precedes(int left, int right)
    {
        ref DmaDebugEntry a = ref this[left];
        ref DmaDebugEntry b = ref this[right];
        return a.Start != b.Start ? a.Start < b.Start : a.Event != b.Event ? a.Event < b.Event : a.Part < b.Part;
    }

    private int Insert(int root, int node)
    {
        ref DmaDebugEntry added = ref this[node];
        added.Left = 0;
        added.Right = 0;
        added.Priority = NextRandom();
        added.MaxEnd = added.End;
        return InsertAt(root, node);
    }

    private int InsertAt(int root, int node)
    {
        if (root == 0)
        {
            return node;
        }

        ref DmaDebugEntry top = ref this[root];
        ref DmaDebugEntry added = ref this[node];
        if (added.Priority > top.Priority)
        {
            Split(root, node, out int left, out int right);
            added.Left = left;
            added.Right = right;
            Reach(node);
            return node;
        }

        if (Precedes(node, root))
        {
            top.Left = InsertAt(top.Left, node);
        }
        else
        {
            top.Right = InsertAt(top.Right, node);
        }

        Reach(root);
        return root;
    }

    private int Delete(int root, int node)
    {
        ref DmaDebugEntry top = ref this[root];
        if (root == node)
        {
            return Merge(top.Left, top.Right);
        }

        if (Precedes(node, root))
        {
            top.Left = Delete(top.Left, node);
        }
        else
        {
            top.Right = Delete(top.Right, node);
        }

        Reach(root);
        return root;
    }

    private void Split(int root, int at, out int left, out int right)
    {
        if (root == 0)
        {
            left = 0;
            right = 0;
            return;
        }

        ref DmaDebugEntry top = ref this[root];
        if (Precedes(root, at))
        {
            Split(top.Right, at, out int inner, out right);
            top.Right = inner;
            left = root;
        }
        else
        {
            Split(top.Left, at, out left, out int inner);
            top.Left = inner;
            right = root;
        }

        Reach(root);
    }

    private int Merge(int left, int right)
    {
        if (left == 0 || right == 0)
        {
            return left + right;
        }

        if (this[left].Priority > this[right].Priority)
        {
            this[left].Right = Merge(this[left].Right, right);
            Reach(left);
            return left;
        }

        this[right].Left = Merge(left, this[right].Left);
        Reach(right);
        return right;
    }

    private void Reach(int node)
    {
        ref DmaDebugEntry entry = ref this[node];
        ulong end = entry.End;
        end = entry.Left == 0 ? end : Math.Max(end, this[entry.Left].MaxEnd);
        entry.MaxEnd = entry.Right == 0 ? end : Math.Max(end, this[entry.Right].MaxEnd);
    }

    private uint NextRandom()
    {
        _random ^= _random << 13;
        _random ^= _random >> 17;
        _random ^= _random << 5;
        return _random;
    }
}
