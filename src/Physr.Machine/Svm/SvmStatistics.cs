// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Svm;

/// <summary>What a GPU's driver did for a process's memory; pages are of 4 KiB.</summary>
/// <param name="ToDevice">Pages that went into the GPU's memory.</param>
/// <param name="ToRam">Pages that came home because the CPU touched them or their neighbours.</param>
/// <param name="Evicted">Pages that came home to make room.</param>
/// <param name="MappedInRam">Pages that the GPU got to reach where they are.</param>
/// <param name="Exclusive">Times that the GPU got a page in RAM to itself.</param>
/// <param name="Cancelled">Faults of the GPU that could not be mended.</param>
internal readonly record struct SvmStatistics(long ToDevice, long ToRam, long Evicted, long MappedInRam, long Exclusive, long Cancelled);
