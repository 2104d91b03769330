// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <summary>What went wrong in a run.</summary>
internal enum FailureKind
{
    /// <summary>An actor threw.</summary>
    ActorThrew,

    /// <summary>What is to hold at every point did not.</summary>
    InvariantBroken,

    /// <summary>All actors were done, and the final check threw.</summary>
    CheckFailed,

    /// <summary>What the scenario had to give back could not be given back.</summary>
    ReleaseFailed,

    /// <summary>Every actor that is not done waits for another one.</summary>
    Deadlock,

    /// <summary>The actors go on and on.</summary>
    Livelock,

    /// <summary>An actor did not come to a point for long: it waits for something that the run cannot see, or loops.</summary>
    Stalled,

    /// <summary>The schedule does not fit the scenario, or the scenario is not deterministic.</summary>
    Diverged,
}
