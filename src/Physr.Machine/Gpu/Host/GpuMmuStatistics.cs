// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Host;

/// <summary>What a GPU's memory management has done since its driver was opened.</summary>
/// <param name="FaultRecords">Records taken from the fault ring.</param>
/// <param name="Faults">Pages that handlers were asked for.</param>
/// <param name="StaleRecords">Records of contexts that were gone.</param>
/// <param name="Replays">Replays.</param>
/// <param name="Cancels">Faults given up.</param>
/// <param name="Overflows">Batches in which the ring had lost records.</param>
/// <param name="Invalidations">Invalidations.</param>
/// <param name="TlbHits">Translations that were cached.</param>
/// <param name="TlbMisses">Translations for which the tables were walked.</param>
public readonly record struct GpuMmuStatistics(
    ulong FaultRecords, ulong Faults, ulong StaleRecords, ulong Replays, ulong Cancels, ulong Overflows, ulong Invalidations, ulong TlbHits, ulong TlbMisses);
