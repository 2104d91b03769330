// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>The widths of the three levels of a <see cref="DisjointMap{T}"/>.</summary>
internal static class RangeLeafSize
{
    /// <summary>Segments per leaf, a multiple of 8: three 512-bit compares find the place, and one update copies at most 24 segments. Measured beside 16 (updates of a
    /// million ranges slower: more leaves than the cache holds the index of) and 32 (look-ups and updates of a thousand slower).</summary>
    public const int Entries = 24;

    /// <summary>A leaf that shrinks to this many entries looks for a neighbour to merge with.</summary>
    public const int Sparse = Entries / 4;

    /// <summary>Two leaves merge when together they hold at most this many entries, so that the next insertion does not split them again.</summary>
    public const int Merged = Entries * 3 / 4;

    /// <summary>Leaves per chunk: two index nodes deep.</summary>
    public const int Leaves = SortedKeys.NodeWidth * SortedKeys.NodeWidth;

    /// <summary>A chunk that shrinks to this many leaves looks for a neighbour to merge with.</summary>
    public const int SparseLeaves = Leaves / 4;

    /// <summary>Two chunks merge when together they hold at most this many leaves.</summary>
    public const int MergedLeaves = Leaves * 3 / 4;
}
