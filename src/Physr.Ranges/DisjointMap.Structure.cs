// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Ranges;

/// <content>The structural update: new leaves, new chunks and, where chunks split or merge, a new root. The caller holds the writer's lock.</content>
internal sealed partial class DisjointMap<T>
{
    /// <summary>Replaces all segments in <c>[from, to)</c> at one moment. No segment crosses either end; <paramref name="added"/> are disjoint, ascending and inside.</summary>
    public void Splice(ulong from, ulong to, ReadOnlySpan<Segment<T>> added)
    {
        ref DisjointChunk<T>.Place place = ref FindPlace(from, out DisjointChunk<T> chunk, out int position);
        DisjointLeaf<T> leaf = place.Leaf!;
        int index = CountBelow(leaf, from);
        int removed = CountBelow(leaf, to) - index;
        int count = leaf.Count - removed + added.Length;
        bool fits = count <= RangeLeafSize.Entries && to <= chunk.EndOf(position);
        if (fits && (count > RangeLeafSize.Sparse || FindMergePartner(chunk.Leaves, position, position, count) < 0))
        {
            DisjointLeaf<T> fresh = _spare ?? new();
            fresh.FillFrom(leaf, index, removed, added);
            Put(ref place, leaf, fresh);
        }
        else
        {
            Restructure(from, to, added);
        }
    }

    /// <summary>Does what <see cref="Splice"/> does, wherever the segments lie, and mends what became too full or too sparse.</summary>
    private void Restructure(ulong from, ulong to, ReadOnlySpan<Segment<T>> added)
    {
        DisjointRoot<T> root = _root;
        (int firstChunk, int lastChunk) = WithSparseNeighbour(root, root.Bounds.Find(from), root.Bounds.Find(to - 1));
        ReadOnlySpan<DisjointRoot<T>.Place> oldChunks = root.Chunks.AsSpan(firstChunk, lastChunk + 1 - firstChunk);
        List<ulong> lows = [];
        List<DisjointChunk<T>.Place> leaves = [];
        foreach (DisjointRoot<T>.Place place in oldChunks)
        {
            for (int i = 0; i < place.Chunk.Leaves.Length; i++)
            {
                lows.Add(place.Chunk.StartOf(i));
                leaves.Add(place.Chunk.Leaves[i]);
            }
        }

        int first = FindLast(lows, from);
        int last = FindLast(lows, to - 1);
        DisjointLeaf<T> head = leaves[first].Leaf!;
        DisjointLeaf<T> tail = leaves[last].Leaf!;
        List<Segment<T>> segments = [];
        AppendTo(segments, head, 0, CountBelow(head, from));
        segments.AddRange(added);
        int following = CountBelow(tail, to);
        bool atEnd = following == tail.Count;
        AppendTo(segments, tail, following, tail.Count);
        int partner = segments.Count <= RangeLeafSize.Sparse ? FindMergePartner(CollectionsMarshal.AsSpan(leaves), first, last, segments.Count) : -1;
        if (partner >= 0)
        {
            DisjointLeaf<T> neighbour = leaves[partner].Leaf!;
            List<Segment<T>> theirs = [];
            AppendTo(theirs, neighbour, 0, neighbour.Count);
            segments.InsertRange(partner < first ? 0 : segments.Count, theirs);
            first = Math.Min(first, partner);
            last = Math.Max(last, partner);
        }

        bool atChunkEnd = last == leaves.Count - 1;
        ulong low = lows[first];
        lows.RemoveRange(first, last + 1 - first);
        leaves.RemoveRange(first, last + 1 - first);
        int position = first;
        foreach (ReadOnlySpan<Segment<T>> part in new Parts<Segment<T>>(CollectionsMarshal.AsSpan(segments), RangeLeafSize.Entries, packed: atEnd))
        {
            DisjointLeaf<T> leaf = new();
            leaf.FillFrom(leaf, 0, 0, part);
            lows.Insert(position, position == first ? low : part[0].Start);
            leaves.Insert(position++, new() { Leaf = leaf });
        }

        Publish(root, firstChunk, oldChunks, lows, leaves, packed: atChunkEnd);
    }

    /// <summary>Puts chunks of <paramref name="leaves"/> in the place of <paramref name="oldChunks"/>, and empties those.</summary>
    private void Publish(
        DisjointRoot<T> root, int firstChunk, ReadOnlySpan<DisjointRoot<T>.Place> oldChunks, List<ulong> lows, List<DisjointChunk<T>.Place> leaves, bool packed)
    {
        List<DisjointRoot<T>.Place> chunks = [];
        DisjointRoot<T>.Place[] replaced = oldChunks.ToArray();
        ulong end = replaced[^1].Chunk.End;
        int done = 0;
        foreach (ReadOnlySpan<DisjointChunk<T>.Place> part in new Parts<DisjointChunk<T>.Place>(CollectionsMarshal.AsSpan(leaves), RangeLeafSize.Leaves, packed))
        {
            ReadOnlySpan<ulong> bounds = CollectionsMarshal.AsSpan(lows).Slice(done, part.Length);
            done += part.Length;
            chunks.Add(new() { Chunk = new(bounds, part, done < lows.Count ? lows[done] : end) });
        }

        if (chunks.Count == 1 && replaced.Length == 1)
        {
            Volatile.Write(ref root.Chunks[firstChunk].Chunk, chunks[0].Chunk);
        }
        else
        {
            Volatile.Write(ref _root, new([.. root.Chunks.AsSpan(0, firstChunk), .. chunks, .. root.Chunks.AsSpan(firstChunk + replaced.Length)]));
        }

        // Only after the new chunks can be found. A reader that is still in an old one starts again; the leaves it shared may be refilled from now on.
        Volatile.WriteBarrier();
        foreach (DisjointRoot<T>.Place place in replaced)
        {
            Array.Clear(place.Chunk.Leaves);
        }
    }

    /// <summary>The neighbour of the leaves <paramref name="first"/> to <paramref name="last"/> that they, down to <paramref name="count"/> segments, should merge with; -1 when none.</summary>
    private static int FindMergePartner(ReadOnlySpan<DisjointChunk<T>.Place> leaves, int first, int last, int count)
    {
        // An empty leaf merges with anybody: nothing has to fit.
        int limit = count == 0 ? RangeLeafSize.Entries : RangeLeafSize.Merged;
        if (first > 0 && leaves[first - 1].Leaf!.Count + count <= limit)
        {
            return first - 1;
        }

        return last + 1 < leaves.Length && leaves[last + 1].Leaf!.Count + count <= limit ? last + 1 : -1;
    }

    /// <summary>Takes a neighbouring chunk in when the chunks to rebuild have few leaves and the neighbour has room for them.</summary>
    private static (int First, int Last) WithSparseNeighbour(DisjointRoot<T> root, int first, int last)
    {
        int count = root.Chunks[first].Chunk.Leaves.Length;
        if (first == last && count <= RangeLeafSize.SparseLeaves)
        {
            if (first > 0 && root.Chunks[first - 1].Chunk.Leaves.Length + count <= RangeLeafSize.MergedLeaves)
            {
                return (first - 1, last);
            }

            if (last + 1 < root.Chunks.Length && root.Chunks[last + 1].Chunk.Leaves.Length + count <= RangeLeafSize.MergedLeaves)
            {
                return (first, last + 1);
            }
        }

        return (first, last);
    }

    private static int FindLast(List<ulong> lows, ulong key)
    {
        int index = lows.BinarySearch(key);
        return index >= 0 ? index : ~index - 1;
    }

    private static int CountBelow(DisjointLeaf<T> leaf, ulong key) => key == 0 ? 0 : (int)SortedKeys.CountInLeaf(in leaf.Starts[0], key - 1);

    private static void AppendTo(List<Segment<T>> segments, DisjointLeaf<T> leaf, int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            segments.Add(leaf[i]);
        }
    }
}
