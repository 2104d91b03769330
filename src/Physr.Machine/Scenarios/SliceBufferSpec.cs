// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing;

namespace Physr.Machine.Scenarios;

/// <summary>What is lent as one buffer.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bar">Of which BAR.</param>
/// <param name="Slices">Which parts, in the order that importers see.</param>
public sealed record SliceBufferSpec(string Name, int Bar, IReadOnlyList<BarSlice> Slices)
{
    /// <summary>Bytes.</summary>
    public ulong Length => Slices.Aggregate(0UL, static (sum, slice) => sum + slice.Length);
}
