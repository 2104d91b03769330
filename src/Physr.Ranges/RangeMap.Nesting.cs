// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Physr.Ranges;

/// <content>Nesting: the disjoint map holds, for each run of addresses, the innermost range there. The caller holds the writer's lock.</content>
public sealed partial class RangeMap<TAddress, T>
{
    private bool TryNest(ulong start, ulong end, T value, out AddressRange<TAddress> conflict)
    {
        // A range that overlaps only in part holds one of the new range's two ends but not the other, so it is on the way out from one of them.
        if (!TryClimb(start, start, end, out RangeMapNode<T>? parent, out conflict) || !TryClimb(end - 1, start, end, out _, out conflict))
        {
            return false;
        }

        RangeMapNode<T> node = new(start, end, value) { Parent = parent };
        List<Segment<RangeMapNode<T>>> parts = [];
        ulong from = start;
        ulong to = end;
        ulong done = start;
        for (ulong at = start; _nested!.TryFindNext(at, out Segment<RangeMapNode<T>> part) && part.Start < end; at = part.End)
        {
            if (part.Value == parent)
            {
                // What sticks out stays the parent's; what lies inside falls to the new range, below, as a gap would.
                if (part.Start < start)
                {
                    parts.Add(part with { End = start });
                    from = part.Start;
                }

                if (part.End > end)
                {
                    AddPart(parts, done, end, node);
                    done = end;
                    parts.Add(part with { Start = end });
                    to = part.End;
                }
            }
            else
            {
                AddPart(parts, done, part.Start, node);
                parts.Add(part);
                done = part.End;
                Adopt(part.Value, parent, node);
            }
        }

        AddPart(parts, done, end, node);
        _nested.Splice(from, to, CollectionsMarshal.AsSpan(parts));
        return true;
    }

    private bool TryUnnest(ulong start, ulong end, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        if (!_nested!.TryFind(start, out RangeMapNode<T> innermost, out _, out _))
        {
            return false;
        }

        RangeMapNode<T>? node = innermost;
        while (node is not null && (node.Start != start || node.End != end))
        {
            node = node.Parent;
        }

        if (node is null)
        {
            return false;
        }

        RangeMapNode<T>? parent = node.Parent;
        List<Segment<RangeMapNode<T>>> parts = [];
        ulong from = start;
        ulong to = end;
        if (parent is not null && start > parent.Start && _nested.TryFind(start - 1, out RangeMapNode<T> left, out ulong leftStart, out _) && left == parent)
        {
            from = leftStart;
        }

        if (parent is not null && end < parent.End && _nested.TryFind(end, out RangeMapNode<T> right, out ulong rightStart, out ulong rightLength) && right == parent)
        {
            to = rightStart + rightLength;
        }

        ulong done = from;
        for (ulong at = start; _nested.TryFindNext(at, out Segment<RangeMapNode<T>> part) && part.Start < end; at = part.End)
        {
            if (part.Value != node)
            {
                AddPart(parts, done, part.Start, parent);
                parts.Add(part);
                done = part.End;
                Adopt(part.Value, node, parent);
            }
        }

        AddPart(parts, done, to, parent);
        _nested.Splice(from, to, CollectionsMarshal.AsSpan(parts));
        value = node.Value;
        return true;
    }

    /// <summary>Goes outwards from the innermost range at <paramref name="address"/> to the first that holds all of <c>[start, end)</c>; refuses ranges that do not
    /// nest with that.</summary>
    private bool TryClimb(ulong address, ulong start, ulong end, out RangeMapNode<T>? parent, out AddressRange<TAddress> conflict)
    {
        parent = _nested!.TryFind(address, out RangeMapNode<T> innermost, out _, out _) ? innermost : null;
        conflict = default;
        while (parent is not null)
        {
            bool holds = parent.Contains(start, end);
            bool held = start <= parent.Start && parent.End <= end;
            if (holds == held)
            {
                // Neither: a part is shared. Both: the same range again, which removal by range could not tell apart.
                conflict = RangeOf(parent);
                return false;
            }

            if (holds)
            {
                return true;
            }

            parent = parent.Parent;
        }

        return true;
    }

    /// <summary>Moves the range under <paramref name="oldParent"/> that <paramref name="inner"/> is, or lies in, under <paramref name="newParent"/>.</summary>
    private static void Adopt(RangeMapNode<T> inner, RangeMapNode<T>? oldParent, RangeMapNode<T>? newParent)
    {
        RangeMapNode<T> child = inner;
        while (child.Parent is { } next && next != oldParent && next != newParent)
        {
            child = next;
        }

        child.Parent = newParent;
    }

    private static void AddPart(List<Segment<RangeMapNode<T>>> parts, ulong start, ulong end, RangeMapNode<T>? owner)
    {
        if (owner is not null && start < end)
        {
            parts.Add(new(start, end, owner));
        }
    }
}
