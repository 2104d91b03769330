// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iova;

/// <summary>What an <see cref="IovaAllocator"/> holds and did. Exact while nobody allocates or frees; otherwise each number is near the truth.</summary>
/// <param name="LiveCount">Runs handed out and not given back.</param>
/// <param name="LiveBytes">Bytes in them, as rounded.</param>
/// <param name="CachedCount">Runs that wait in magazines and depots.</param>
/// <param name="CachedBytes">Bytes in them.</param>
/// <param name="DepotMagazines">Full magazines in the depots.</param>
/// <param name="TreeTakes">Runs cut from the free gaps since the beginning.</param>
/// <param name="Flushes">Times that all magazines were emptied.</param>
/// <param name="DuplicateFrees">Runs that were free already when they returned to the gaps: somebody freed them twice, and they may have had two owners.</param>
public readonly record struct IovaStatistics(
    long LiveCount, ulong LiveBytes, long CachedCount, ulong CachedBytes, int DepotMagazines, long TreeTakes, long Flushes, long DuplicateFrees);
