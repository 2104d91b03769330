// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>An interval in an <see cref="IntervalTree{T}"/>; whoever inserted it keeps it, to remove it by.</summary>
internal sealed class IntervalNode<T>(ulong first, ulong last, uint weight, T value)
{
    /// <summary>The first number in it.</summary>
    public ulong First { get; } = first;

    /// <summary>The last number in it.</summary>
    public ulong Last { get; } = last;

    /// <summary>What it stands for.</summary>
    public T Value { get; } = value;

    /// <summary>Its place in the heap order; no two nodes need to differ.</summary>
    public uint Weight { get; } = weight;

    /// <summary>The greatest <see cref="Last"/> in its subtree.</summary>
    public ulong Reach { get; set; } = last;

    /// <summary>Intervals that begin no later.</summary>
    public IntervalNode<T>? Left { get; set; }

    /// <summary>Intervals that begin no earlier.</summary>
    public IntervalNode<T>? Right { get; set; }
}
