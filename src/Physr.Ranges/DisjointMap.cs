// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Physr.Ranges;

/// <summary>Disjoint segments of a 64-bit space with a value each: the engine under <see cref="RangeMap{TAddress, T}"/>. Any number of readers, one writer at a time
/// (the caller's lock); readers take no lock and no writer, not even one that is preempted half-way, makes them wait.</summary>
/// <remarks>
/// <para>Three levels: root, chunks, leaves. A leaf answers alone for every address between its bounds, and each segment lies whole inside one leaf's bounds:
/// a segment that would cross a bound moves the bound. So one look-up reads one leaf.</para>
/// <para>The writer publishes in one of two ways. <b>Ordinary</b>: it fills the spare leaf with the changed content, stores it in the old leaf's place, and keeps the
/// old leaf as the next spare; nothing is allocated. <b>Structural</b> (split, merge, moved bound): it builds new leaves and chunks, stores the chunk in its place or
/// a new root, and then empties the places of the replaced chunks.</para>
/// <para>The reader walks root, chunk, place, leaf; reads the leaf's version, the content, and then, behind a read barrier, the place and the version again.
/// Same leaf, same even version: it is right, for these reasons. (1) <i>Not torn</i>: refilling makes the version odd before the first write and even after
/// the last; an unchanged even version means that no write fell between. (2) <i>Not stale</i>: a leaf is refilled only after its place was given to another leaf or its
/// chunk's places were emptied. A reader that sees the refilled version therefore sees the place changed, unless the leaf has come back
/// to the very same place, where it is right again. A leaf never answers for another place's addresses. (3) <i>A moment exists</i>: the place held that version of the leaf at
/// the second look (or, in a chunk just replaced but not yet emptied, at the replacement, which happened during the read). That is the look-up's moment.</para>
/// <para>A reader starts again only if the leaf it was reading was replaced meanwhile, that is, if a writer got something done.</para>
/// </remarks>
/// <typeparam name="T">The type of the values.</typeparam>
internal sealed partial class DisjointMap<T>
{
    private DisjointRoot<T> _root;

    /// <summary>Makes an empty map.</summary>
    public DisjointMap()
    {
        DisjointChunk<T> chunk = new([0], [new() { Leaf = new() }], ulong.MaxValue);
        _root = new([new() { Chunk = chunk }]);
    }

    /// <summary>The segment that contains <paramref name="key"/>. Allocates nothing and waits for nobody.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFind(ulong key, out T value, out ulong start, out ulong length)
    {
        // All ones is the end of the space, in no segment, and what unused places hold.
        while (key != ulong.MaxValue)
        {
            ref DisjointChunk<T>.Place place = ref FindPlace(key, out _, out _);
            DisjointLeaf<T>? leaf = Volatile.Read(ref place.Leaf);
            if (leaf is null)
            {
                continue;
            }

            ulong version = Volatile.Read(ref leaf.Version);
            int index = Math.Max((int)SortedKeys.CountInLeaf(in leaf.Starts[0], key) - 1, 0);
            ulong first = Unsafe.Add(ref leaf.Starts[0], index);
            ref DisjointLeaf<T>.Tail tail = ref Unsafe.Add(ref leaf.Tails[0], index);
            ulong size = tail.End - first;
            T content = tail.Value;
            if (IsStill(leaf, version, ref place))
            {
                // One compare answers both "not below" and "not beyond"; the selections are not branches, so that a random mixture of hits and gaps mispredicts nothing here.
                bool found = key - first < size;
                value = found ? content : default!;
                start = found ? first : 0;
                length = found ? size : 0;
                return found;
            }
        }

        value = default!;
        start = 0;
        length = 0;
        return false;
    }

    /// <summary>The first segment that ends above <paramref name="key"/> (as the kernel's <c>find_vma</c>): the one that contains it, or the next one.</summary>
    public bool TryFindNext(ulong key, out Segment<T> segment)
    {
        while (key != ulong.MaxValue)
        {
            ref DisjointChunk<T>.Place place = ref FindPlace(key, out DisjointChunk<T> chunk, out int position);
            DisjointLeaf<T>? leaf = Volatile.Read(ref place.Leaf);
            if (leaf is null)
            {
                continue;
            }

            ulong version = Volatile.Read(ref leaf.Version);
            int count = leaf.Count;
            int index = (int)SortedKeys.CountInLeaf(in leaf.Starts[0], key);
            if (index > 0 && leaf.Tails[index - 1].End > key)
            {
                index--;
            }

            segment = index < RangeLeafSize.Entries ? leaf[index] : default;
            if (!IsStill(leaf, version, ref place))
            {
                continue;
            }

            if (index < count)
            {
                return true;
            }

            key = chunk.EndOf(position);
        }

        segment = default;
        return false;
    }

    /// <summary>The place that answers for <paramref name="key"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref DisjointChunk<T>.Place FindPlace(ulong key, out DisjointChunk<T> chunk, out int position)
    {
        DisjointRoot<T> root = Volatile.Read(ref _root);
        chunk = Volatile.Read(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(root.Chunks), root.Bounds.Find(key)).Chunk);
        position = chunk.Find(key);
        return ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(chunk.Leaves), position);
    }

    /// <summary>Whether everything read from <paramref name="leaf"/> since <paramref name="version"/> was read is whole and in use.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsStill(DisjointLeaf<T> leaf, ulong version, ref DisjointChunk<T>.Place place)
    {
        // The content is read before the second look at place and version (pairs with the write barrier in DisjointLeaf.BeginFill).
        Volatile.ReadBarrier();
        return ReferenceEquals(Volatile.Read(ref place.Leaf), leaf) && Volatile.Read(ref leaf.Version) == (version & ~1UL);
    }
}
