// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>What a <see cref="RangeMap{TAddress, T}"/> does with ranges that share bytes.</summary>
public enum RangeOverlap
{
    /// <summary>A range that shares a byte with one in the map is refused.</summary>
    Refuse = 0,

    /// <summary>A range may lie wholly in another, or hold others whole, as in the kernel's resource tree; a look-up gives the innermost.
    /// Two ranges that only overlap in part, and two equal ranges, are refused.</summary>
    Nest,
}
