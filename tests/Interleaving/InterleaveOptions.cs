// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <summary>How far an exploration goes.</summary>
internal sealed record InterleaveOptions
{
    /// <summary>Takes every number of preemptions.</summary>
    public const int Unbounded = int.MaxValue;

    /// <summary>The most preemptions in an order that <see cref="Interleave.Every"/> tries: how often an actor loses the turn though it could have gone on. Switches away
    /// from one that waits or is done are free. Most bugs need one or two.</summary>
    public int Preemptions { get; init; } = 2;

    /// <summary>The most runs that <see cref="Interleave.Every"/> makes; the report says where they did not suffice.</summary>
    public int MaxRuns { get; init; } = 200_000;

    /// <summary>The most turns in a run: more are a livelock.</summary>
    public int MaxSteps { get; init; } = 10_000;

    /// <summary>The most runs that are made to shorten the schedule of a failure.</summary>
    public int MaxShorteningRuns { get; init; } = 1_000;

    /// <summary>How long an actor may take from one point to the next.</summary>
    public int StallMilliseconds { get; init; } = 30_000;

    /// <summary>Which steps of two actors, named by the points at which they begin, give the same whichever goes first (<see cref="Actor.Start"/> among them); null is none.
    /// Of orders that differ only in those <see cref="Interleave.Every"/> tries one (sleep sets). With a bound on preemptions it may leave out orders of which the one
    /// tried instead has more of them.</summary>
    public Func<string, string, bool>? AreIndependent { get; init; }

    /// <summary>How <see cref="Interleave.Randomly"/> draws.</summary>
    public RandomStyle Style { get; init; }
}
