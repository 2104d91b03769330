// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Cli.Page;

/// <summary>How a bench stands, for those who watch.</summary>
/// <param name="IsChecking">Whether the run is over and pages are looked at again.</param>
/// <param name="Done">The part of the phase that is over, 0 to 1.</param>
/// <param name="FaultsPerSecond">Since the last look.</param>
/// <param name="Times">Accesses that faulted since the last look.</param>
/// <param name="ResidentBytes">What is in memory.</param>
/// <param name="Evictions">Pages that left so far.</param>
/// <param name="PagerRestarts">How often another pager went on so far.</param>
internal sealed record PageBenchMoment(
    bool IsChecking, double Done, double FaultsPerSecond, AccessTimes Times, ulong ResidentBytes, long Evictions, int PagerRestarts);
