// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <summary>What one run is made of: a few actors and what is to hold. A test's stage fills one anew for every run, with new objects, always the same for the same seed.</summary>
internal sealed class Scenario(int seed)
{
    private const int MostActors = 32;

    private readonly List<Actor> _actors = [];
    private readonly List<Action> _invariants = [];
    private readonly List<Action> _checks = [];
    private readonly Stack<Action> _releases = [];

    /// <summary>The seed of the run, for a stage that draws what its actors do; 0 where the orders are enumerated.</summary>
    public int Seed { get; } = seed;

    /// <summary>The actors, in the order in which they were added.</summary>
    public IReadOnlyList<Actor> Actors => _actors;

    /// <summary>Whether anything is to hold at every point.</summary>
    public bool HasInvariants => _invariants.Count > 0;

    /// <summary>Adds a thread.</summary>
    /// <param name="name">Its name in schedules: one word.</param>
    /// <param name="body">What it does. It may wait for other actors only by <see cref="Physr.Mm.Interleaving.IInterleaver.Block"/>.</param>
    public void Actor(string name, Action body)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(body);
        if (!name.All(static letter => char.IsLetterOrDigit(letter) || letter is '-' or '_') || _actors.Exists(actor => actor.Name == name))
        {
            throw new ArgumentException($"'{name}' is not one word of its own.", nameof(name));
        }

        if (_actors.Count == MostActors)
        {
            throw new ArgumentException($"A scenario has at most {MostActors} actors.", nameof(name));
        }

        _actors.Add(new(name, body));
    }

    /// <summary>Adds what is to hold at every point: nobody else runs meanwhile, so it may look at everything, but it may not wait for a lock that an actor holds.</summary>
    public void Always(Action invariant) => _invariants.Add(invariant);

    /// <summary>Adds what is to hold once all actors are done.</summary>
    public void AtEnd(Action check) => _checks.Add(check);

    /// <summary>Adds what is to be given back after the run, whatever its end: the last is given back first.</summary>
    public void Release(IDisposable resource) => _releases.Push(resource.Dispose);

    /// <summary>Checks the invariants; throws the first that is broken.</summary>
    internal void CheckInvariants()
    {
        foreach (Action invariant in _invariants)
        {
            invariant();
        }
    }

    /// <summary>Makes the final checks; throws the first that fails.</summary>
    internal void CheckEnd()
    {
        foreach (Action check in _checks)
        {
            check();
        }
    }

    /// <summary>Gives everything back, even where giving back one thing throws.</summary>
    /// <returns>The first exception.</returns>
    internal Exception? ReleaseAll()
    {
        Exception? first = null;
        while (_releases.TryPop(out Action? release))
        {
            try
            {
                release();
            }
            catch (Exception exception)
            {
                first ??= exception;
            }
        }

        return first;
    }
}
