// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Checking;

/// <summary>A system small enough to look at every state it can be in.</summary>
/// <typeparam name="TState">All that the system remembers: equal values are the same state.</typeparam>
public interface IStateModel<TState>
    where TState : struct, IEquatable<TState>
{
    /// <summary>The state in which it begins.</summary>
    TState Initial { get; }

    /// <summary>Adds every atomic step that somebody can take next.</summary>
    /// <param name="state">The state.</param>
    /// <param name="steps">Where to add them; holds nothing before.</param>
    void Expand(TState state, List<StateStep<TState>> steps);

    /// <summary>What is wrong with a state; null where nothing is.</summary>
    string? FindViolation(TState state);

    /// <summary>Whether a state that nobody can leave is a good end; else it is a deadlock.</summary>
    bool MayRest(TState state);

    /// <summary>A step in words, for a trace.</summary>
    /// <param name="before">The state it was taken in.</param>
    /// <param name="action">Which (<see cref="StateStep{TState}.Action"/>).</param>
    string Describe(TState before, int action);
}
