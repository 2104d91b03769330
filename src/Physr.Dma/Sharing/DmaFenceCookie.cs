// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Sharing;

/// <summary>Which transfer a fence stands for. Transfers of one context end in the order of their numbers.</summary>
/// <param name="Context">The time line: a queue of a device (<see cref="DmaFence.NewContext"/>).</param>
/// <param name="Sequence">The place on it.</param>
public readonly record struct DmaFenceCookie(ulong Context, ulong Sequence)
{
    /// <summary>Whether this one's end implies the other's.</summary>
    public bool IsLaterThan(DmaFenceCookie other) => Context == other.Context && Sequence > other.Sequence;

    /// <summary>The cookie as <c>context:sequence</c>.</summary>
    public override string ToString() => $"{Context}:{Sequence}";
}
