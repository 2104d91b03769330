// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <content>The ordinary update: one leaf, no allocation. The caller holds the writer's lock.</content>
internal sealed partial class DisjointMap<T>
{
    private DisjointLeaf<T>? _spare;

    /// <summary>Puts <paramref name="added"/> where no segment is.</summary>
    /// <returns>False, with the first segment in the way, when there is one.</returns>
    public bool TryInsert(in Segment<T> added, out Segment<T> conflict)
    {
        ref DisjointChunk<T>.Place place = ref FindPlace(added.Start, out DisjointChunk<T> chunk, out int position);
        DisjointLeaf<T> leaf = place.Leaf!;
        int index = (int)SortedKeys.CountInLeaf(in leaf.Starts[0], added.Start);
        if (index > 0 && leaf.Tails[index - 1].End > added.Start)
        {
            conflict = leaf[index - 1];
            return false;
        }

        ulong bound = chunk.EndOf(position);
        if (index < leaf.Count)
        {
            if (leaf.Starts[index] < added.End)
            {
                conflict = leaf[index];
                return false;
            }
        }
        else if (added.End > bound && TryFindNext(bound, out conflict) && conflict.Start < added.End)
        {
            return false;
        }

        conflict = default;
        if (leaf.Count == RangeLeafSize.Entries || added.End > bound)
        {
            Restructure(added.Start, added.End, new(in added));
        }
        else
        {
            DisjointLeaf<T> fresh = _spare ?? new();
            fresh.FillWith(leaf, index, in added);
            Put(ref place, leaf, fresh);
        }

        return true;
    }

    /// <summary>Takes out the segment with exactly these bounds.</summary>
    /// <returns>False when there is no such segment.</returns>
    public bool TryRemove(ulong start, ulong end, out T value)
    {
        ref DisjointChunk<T>.Place place = ref FindPlace(start, out DisjointChunk<T> chunk, out int position);
        DisjointLeaf<T> leaf = place.Leaf!;
        int index = (int)SortedKeys.CountInLeaf(in leaf.Starts[0], start) - 1;
        if (index < 0 || leaf.Starts[index] != start || leaf.Tails[index].End != end)
        {
            value = default!;
            return false;
        }

        value = leaf.Tails[index].Value;
        if (leaf.Count - 1 <= RangeLeafSize.Sparse && FindMergePartner(chunk.Leaves, position, position, leaf.Count - 1) >= 0)
        {
            Restructure(start, end, []);
        }
        else
        {
            DisjointLeaf<T> fresh = _spare ?? new();
            fresh.FillWithout(leaf, index);
            Put(ref place, leaf, fresh);
        }

        return true;
    }

    /// <summary>Puts <paramref name="fresh"/> in <paramref name="old"/>'s place; <paramref name="old"/> becomes the spare leaf.</summary>
    private void Put(ref DisjointChunk<T>.Place place, DisjointLeaf<T> old, DisjointLeaf<T> fresh)
    {
        // The release makes the leaf whole before it can be found.
        Volatile.Write(ref place.Leaf, fresh);
        old.Forget();
        _spare = old;
    }
}
