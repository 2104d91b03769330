// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>A range of a nesting map. The map's segments point to the innermost range that holds them.</summary>
/// <typeparam name="T">The type of the value.</typeparam>
/// <param name="start">The first byte.</param>
/// <param name="end">One past the last byte.</param>
/// <param name="value">The value.</param>
internal sealed class RangeMapNode<T>(ulong start, ulong end, T value)
{
    /// <summary>The range next further out; changed by the writer while readers look.</summary>
    public volatile RangeMapNode<T>? Parent;

    /// <summary>The first byte.</summary>
    public ulong Start { get; } = start;

    /// <summary>One past the last byte.</summary>
    public ulong End { get; } = end;

    /// <summary>The value.</summary>
    public T Value { get; } = value;

    /// <summary>Whether every byte of <c>[start, end)</c> is in this range.</summary>
    public bool Contains(ulong start, ulong end) => start >= Start && end <= End;
}
