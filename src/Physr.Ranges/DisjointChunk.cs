// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Physr.Ranges;

/// <summary>Up to <see cref="RangeLeafSize.Leaves"/> leaves with the lowest address each answers for. Which addresses a place answers for never changes; which
/// leaf is in that place does.</summary>
/// <typeparam name="T">The type of the values.</typeparam>
internal sealed class DisjointChunk<T>
{
    /// <summary>One node that samples every node's first key, then the nodes: the lowest address of each leaf, all ones in unused places.</summary>
    private readonly ulong[] _keys;

    /// <summary>Makes a chunk that answers for addresses from the first of <paramref name="lows"/> up to <paramref name="end"/>.</summary>
    public DisjointChunk(ReadOnlySpan<ulong> lows, ReadOnlySpan<Place> leaves, ulong end)
    {
        int nodes = (lows.Length + SortedKeys.NodeWidth - 1) / SortedKeys.NodeWidth;
        _keys = new ulong[(1 + nodes) * SortedKeys.NodeWidth];
        Array.Fill(_keys, ulong.MaxValue);
        lows.CopyTo(_keys.AsSpan(SortedKeys.NodeWidth));
        for (int i = 0; i < nodes; i++)
        {
            _keys[i] = lows[i * SortedKeys.NodeWidth];
        }

        Leaves = leaves.ToArray();
        End = end;
    }

    /// <summary>The leaves; all empty once the chunk has been replaced.</summary>
    public Place[] Leaves { get; }

    /// <summary>One past the last address that the chunk answers for.</summary>
    public ulong End { get; }

    /// <summary>The lowest address that the leaf at <paramref name="index"/> answers for.</summary>
    public ulong StartOf(int index) => _keys[SortedKeys.NodeWidth + index];

    /// <summary>One past the last address that the leaf at <paramref name="index"/> answers for.</summary>
    public ulong EndOf(int index) => index + 1 < Leaves.Length ? StartOf(index + 1) : End;

    /// <summary>The leaf that answers for <paramref name="key"/>, which is in the chunk.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(ulong key)
    {
        // Both counts are at least 1, because the first key of the chunk, and of the node chosen, is at most this key; and since unused places hold all ones,
        // which no key equals, they end inside the used places.
        ref ulong keys = ref MemoryMarshal.GetArrayDataReference(_keys);
        nuint node = SortedKeys.CountInNode(in keys, key);
        nuint bottom = node * SortedKeys.NodeWidth;
        return (int)(bottom + SortedKeys.CountInNode(in Unsafe.Add(ref keys, bottom), key)) - SortedKeys.NodeWidth - 1;
    }

    /// <summary>Where a leaf is put. A struct, because the runtime checks the element type on each access to an array of references.</summary>
    internal struct Place
    {
        /// <summary>The leaf in use.</summary>
        public DisjointLeaf<T>? Leaf;
    }
}
