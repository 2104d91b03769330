// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Samples.Sort;

/// <summary>Records by key. A value type, so that the sort is compiled for it.</summary>
internal readonly struct KeyOrder : IComparer<SortRecord>
{
    /// <inheritdoc/>
    public int Compare(SortRecord x, SortRecord y) => x.Key.CompareTo(y.Key);
}
