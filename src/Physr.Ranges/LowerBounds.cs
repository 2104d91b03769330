// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Physr.Ranges;

/// <summary>An immutable sorted list of lower bounds, the first of which is at or below every key that is looked for, laid out as a tree of
/// <see cref="SortedKeys.NodeWidth"/>-wide nodes without pointers: each level samples the first key of every node of the level below.</summary>
internal sealed class LowerBounds
{
    private readonly ulong[] _keys;
    private readonly int[] _levels;
    private readonly int _bottom;

    /// <summary>Makes the index of <paramref name="bounds"/>, ascending and not empty.</summary>
    public LowerBounds(ReadOnlySpan<ulong> bounds)
    {
        int depth = 1;
        int total = Padded(bounds.Length);
        for (int count = bounds.Length; count > SortedKeys.NodeWidth; depth++)
        {
            count = Padded(count) / SortedKeys.NodeWidth;
            total += Padded(count);
        }

        // A single bound needs no search, hence no level: a map of one chunk, the common one, skips its root.
        _keys = new ulong[total];
        _levels = new int[bounds.Length == 1 ? 0 : depth];
        Array.Fill(_keys, ulong.MaxValue);
        int offset = total - Padded(bounds.Length);
        _bottom = offset;
        bounds.CopyTo(_keys.AsSpan(offset));
        int below = bounds.Length;
        for (int level = _levels.Length - 1; level >= 0; level--)
        {
            _levels[level] = offset;
            if (level == 0)
            {
                break;
            }

            int nodes = Padded(below) / SortedKeys.NodeWidth;
            int from = offset;
            offset -= Padded(nodes);
            for (int i = 0; i < nodes; i++)
            {
                _keys[offset + i] = _keys[from + (i * SortedKeys.NodeWidth)];
            }

            below = nodes;
        }

        Count = bounds.Length;
    }

    /// <summary>Bounds in the list.</summary>
    public int Count { get; }

    /// <summary>The bound at <paramref name="index"/>.</summary>
    public ulong this[int index] => _keys[_bottom + index];

    /// <summary>The place of the last bound at or below <paramref name="key"/>, which must not be all ones (unused places hold that).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(ulong key)
    {
        ref ulong keys = ref MemoryMarshal.GetArrayDataReference(_keys);
        int index = 0;
        foreach (int level in _levels)
        {
            index *= SortedKeys.NodeWidth;
            index += (int)SortedKeys.CountInNode(in Unsafe.Add(ref keys, level + index), key) - 1;
        }

        return index;
    }

    private static int Padded(int count) => (count + SortedKeys.NodeWidth - 1) & -SortedKeys.NodeWidth;
}
