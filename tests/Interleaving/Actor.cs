// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <summary>One of the threads of a scenario, and where it stands in a run.</summary>
internal sealed class Actor(string name, Action body)
{
    /// <summary>Where an actor stands that has not run yet.</summary>
    public const string Start = "start";

    /// <summary>Where an actor stands that has returned.</summary>
    public const string End = "end";

    /// <summary>Its name in schedules.</summary>
    public string Name { get; } = name;

    /// <summary>What it does.</summary>
    public Action Body { get; } = body;

    /// <summary>What it could do next.</summary>
    public ActorState State { get; set; }

    /// <summary>The point that it has reached, or what it waits for.</summary>
    public string Point { get; set; } = Start;

    /// <summary>Whether it has had a turn.</summary>
    public bool HasStarted { get; set; }

    /// <summary>Whether others have done something since it began to wait, or last looked in vain.</summary>
    public bool MayLook { get; set; }

    /// <summary>Fairness: the actors that are to have a turn before it looks again, by bit.</summary>
    public uint GoBefore { get; set; }

    /// <summary>Fairness: who has had a turn since it last began to wait, by bit.</summary>
    public uint RanSinceWait { get; set; } = ~0u;

    /// <summary>Fairness: who could have had a turn all the time since it last began to wait, by bit.</summary>
    public uint AbleSinceWait { get; set; }

    /// <summary>Whether a turn for it can be of use.</summary>
    public bool IsEligible => State == ActorState.Ready || (State == ActorState.Waiting && MayLook);

    /// <summary>Where it stands, in words.</summary>
    public override string ToString() => State switch
    {
        ActorState.Done => $"{Name} is done",
        ActorState.Waiting => $"{Name} waits for '{Point}'",
        _ => HasStarted ? $"{Name} is at '{Point}'" : $"{Name} has not started",
    };
}
