// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <summary>What a debugger has counted so far (the files of the kernel's <c>debugfs/dma-api</c>, and more).</summary>
/// <param name="Events">Events it was fed.</param>
/// <param name="Errors">Mistakes found, whether or not they were reported; uncertain ones are not among them.</param>
/// <param name="Uncertain">What unseen events could explain.</param>
/// <param name="Live">Mappings now.</param>
/// <param name="Entries">Entries there are, used or not.</param>
/// <param name="FreeEntries">Entries not in use.</param>
/// <param name="LeastFreeEntries">The fewest that were ever free.</param>
public readonly record struct DmaDebugCounters(long Events, long Errors, long Uncertain, int Live, int Entries, int FreeEntries, int LeastFreeEntries);
