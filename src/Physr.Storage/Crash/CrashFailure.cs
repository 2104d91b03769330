// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Crash;

/// <summary>A state that a checker found wrong; <see cref="CrashStates.Replay"/> shows it again.</summary>
/// <param name="Message">What the checker said.</param>
/// <param name="Seed">The seed of the run.</param>
/// <param name="Point">Where the power went.</param>
/// <param name="Lines">Every line with stores that were not durable.</param>
/// <param name="Recovery">Where the recovery was cut in its turn; null when it was not.</param>
public sealed record CrashFailure(string Message, ulong Seed, CrashPoint Point, IReadOnlyList<SurvivedLine> Lines, CrashFailure? Recovery = null)
{
    /// <summary>Everything that is needed to look into it.</summary>
    public override string ToString() =>
        $"{Message} [seed {Seed}; {Point}; survived: {(Lines.Count == 0 ? "all is durable" : string.Join(", ", Lines))}{(Recovery is null ? "" : $"; recovery {Recovery}")}]";
}
