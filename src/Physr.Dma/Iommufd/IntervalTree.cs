// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics.CodeAnalysis;

namespace Physr.Dma.Iommufd;

/// <summary>Intervals with both ends included, which may overlap, and what they stand for (the kernel's <c>interval_tree</c>). One thread at a time.</summary>
/// <remarks>A treap ordered by first number, each node knowing how far its subtree reaches: inserting, removing and finding an overlap take O(log n) on average,
/// whatever the order of insertion, and finding allocates nothing. Its weights come from a counter, so that the same calls always build the same tree.</remarks>
internal sealed class IntervalTree<T>
{
    private IntervalNode<T>? _root;
    private ulong _inserted;

    /// <summary>Intervals in it.</summary>
    public int Count { get; private set; }

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => _root is null;

    /// <summary>Adds an interval, whatever it overlaps.</summary>
    public IntervalNode<T> Insert(ulong first, ulong last, T value)
    {
        // The counter's bits, mixed (splitmix64), so that the tree is balanced for any order of insertion.
        ulong mixed = ++_inserted * 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        IntervalNode<T> node = new(first, last, (uint)(mixed >> 32), value);
        Split(_root, first, out IntervalNode<T>? before, out IntervalNode<T>? after);
        _root = Join(Join(before, node), after);
        Count++;
        return node;
    }

    /// <summary>Removes an interval that is in it.</summary>
    /// <exception cref="PhysrException">It is not.</exception>
    public void Remove(IntervalNode<T> node)
    {
        bool found = false;
        _root = Without(_root, node, ref found);
        if (!found)
        {
            throw new PhysrException("remove interval", $"0x{node.First:x}..0x{node.Last:x}", Errno.ENOENT, "it is not in the tree");
        }

        Count--;
    }

    /// <summary>Finds the interval that begins first among those that share a number with <paramref name="first"/>..<paramref name="last"/>.</summary>
    public bool TryFirst(ulong first, ulong last, [NotNullWhen(true)] out IntervalNode<T>? found)
    {
        IntervalNode<T>? node = _root;
        while (node is not null && node.Reach >= first)
        {
            if (node.Left is { } left && left.Reach >= first)
            {
                // Something on the left ends late enough. If it begins too late, then so does everything further right.
                node = left;
            }
            else if (node.First > last)
            {
                break;
            }
            else if (node.Last >= first)
            {
                found = node;
                return true;
            }
            else
            {
                node = node.Right;
            }
        }

        found = null;
        return false;
    }

    /// <summary>Finds the interval that begins first among those that share a number with <paramref name="first"/>..<paramref name="last"/>; null when none does.</summary>
    public IntervalNode<T>? First(ulong first, ulong last) => TryFirst(first, last, out IntervalNode<T>? found) ? found : null;

    /// <summary>Whether an interval shares a number with <paramref name="first"/>..<paramref name="last"/>.</summary>
    public bool Overlaps(ulong first, ulong last) => TryFirst(first, last, out _);

    /// <summary>All of them by their first number, as they are at this moment.</summary>
    public List<T> ToList()
    {
        List<T> values = new(Count);
        Collect(_root, values);
        return values;
    }

    private static void Collect(IntervalNode<T>? node, List<T> values)
    {
        if (node is not null)
        {
            Collect(node.Left, values);
            values.Add(node.Value);
            Collect(node.Right, values);
        }
    }

    private static void Split(IntervalNode<T>? node, ulong key, out IntervalNode<T>? before, out IntervalNode<T>? after)
    {
        if (node is null)
        {
            before = after = null;
        }
        else if (node.First < key)
        {
            Split(node.Right, key, out IntervalNode<T>? right, out after);
            node.Right = right;
            before = Measure(node);
        }
        else
        {
            Split(node.Left, key, out before, out IntervalNode<T>? left);
            node.Left = left;
            after = Measure(node);
        }
    }

    private static IntervalNode<T>? Join(IntervalNode<T>? before, IntervalNode<T>? after)
    {
        if (before is null || after is null)
        {
            return before ?? after;
        }

        if (before.Weight >= after.Weight)
        {
            before.Right = Join(before.Right, after);
            return Measure(before);
        }

        after.Left = Join(before, after.Left);
        return Measure(after);
    }

    private static IntervalNode<T>? Without(IntervalNode<T>? node, IntervalNode<T> removed, ref bool found)
    {
        if (node is null || found)
        {
            return node;
        }

        if (ReferenceEquals(node, removed))
        {
            found = true;
            return Join(node.Left, node.Right);
        }

        // Those with the same first number may be on either side.
        if (removed.First <= node.First)
        {
            node.Left = Without(node.Left, removed, ref found);
        }

        if (removed.First >= node.First)
        {
            node.Right = Without(node.Right, removed, ref found);
        }

        return Measure(node);
    }

    private static IntervalNode<T> Measure(IntervalNode<T> node)
    {
        node.Reach = Math.Max(node.Last, Math.Max(node.Left?.Reach ?? 0, node.Right?.Reach ?? 0));
        return node;
    }
}
