// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Crash;

/// <summary>What <see cref="CrashStates.Run"/> did.</summary>
/// <param name="Cuts">Cut points that were looked at: the start and those after a store, fence or mark. A flush adds none, for it alone changes nothing of what can survive.</param>
/// <param name="ExhaustiveCuts">Those of which every reachable state was looked at.</param>
/// <param name="States">States that the checker saw, recoveries that were cut not counted.</param>
/// <param name="NestedStates">States after a cut of a recovery.</param>
/// <param name="Failure">The first state found wrong; null when there was none.</param>
public sealed record CrashReport(long Cuts, long ExhaustiveCuts, long States, long NestedStates, CrashFailure? Failure)
{
    /// <summary>The counts, and the failure where there is one.</summary>
    public override string ToString() => $"{Cuts} cuts ({ExhaustiveCuts} exhaustive), {States} states, {NestedStates} nested{(Failure is null ? "" : $": {Failure}")}";
}
