// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>A write of a piece of a row: the same bytes of some of its data chunks.</summary>
/// <param name="Row">The row.</param>
/// <param name="Low">The first byte within each chunk.</param>
/// <param name="Length">Bytes of each chunk.</param>
/// <param name="Written">A bit for each data position that is written.</param>
/// <param name="Sources">The new bytes, by data position; empty where nothing is written.</param>
internal sealed record StripeWrite(ulong Row, uint Low, uint Length, uint Written, RangeListView[] Sources)
{
    /// <summary>Where it begins on each member, in bytes of its data.</summary>
    public ulong Offset(RaidGeometry geometry) => (Row * geometry.ChunkBytes) + Low;
}
