// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>What a scrub found.</summary>
/// <param name="Mismatches">Places that do not agree, ascending.</param>
/// <param name="Corrected">Lost blocks that were brought back on the way.</param>
/// <param name="CheckedBytes">Bytes of each member's data that were compared.</param>
/// <param name="UnreadableBytes">Bytes of each member's data that could not be compared, because too little of the row can be read.</param>
public sealed record RaidScrubReport(IReadOnlyList<RaidMismatch> Mismatches, long Corrected, ulong CheckedBytes, ulong UnreadableBytes);
