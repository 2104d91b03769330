// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <summary>Follows a schedule to the letter, and preempts nobody after its end.</summary>
internal sealed class ReplayChooser(IReadOnlyList<(string Actor, string Point)> steps) : Chooser
{
    private int _at;

    /// <inheritdoc/>
    public override int Choose(in Decision decision)
    {
        if (_at == steps.Count)
        {
            return decision.Calmest;
        }

        (string name, string point) = steps[_at++];
        int actor = Array.FindIndex(decision.Actors, actor => actor.Name == name);
        return actor < 0 ? throw new DivergedException($"step {_at} of the schedule is {name}'s, and there is no such actor")
            : !decision.IsEligible(actor) || decision.Actors[actor].Point != point ? throw new DivergedException($"step {_at} of the schedule is {name}@{point}")
            : actor;
    }
}
