// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <summary>The one with the highest priority has the turn; at a few steps the one that would have it falls to the lowest (after Burckhardt et al., "A Randomized Scheduler
/// with Probabilistic Guarantees of Finding Bugs", 2010). Those steps are drawn near the beginning as often as far from it, since the length of a run is not known.</summary>
internal sealed class PriorityChooser : Chooser
{
    private const int MostChanges = 3;
    private const int ShortRun = 16;
    private const int Scales = 8;

    private readonly Random _random;
    private readonly HashSet<int> _changes = [];
    private int[]? _priorities;
    private int _step;
    private int _lowest;

    /// <summary>Draws where priorities change.</summary>
    public PriorityChooser(Random random)
    {
        _random = random;
        for (int change = random.Next(MostChanges + 1); change > 0; change--)
        {
            _changes.Add(random.Next(ShortRun << random.Next(Scales)));
        }
    }

    /// <inheritdoc/>
    public override int Choose(in Decision decision)
    {
        _priorities ??= Shuffled(decision.Actors.Length);
        int best = Best(decision, _priorities);
        if (_changes.Contains(_step++))
        {
            _priorities[best] = --_lowest;
            best = Best(decision, _priorities);
        }

        return best;
    }

    private static int Best(in Decision decision, int[] priorities)
    {
        int best = -1;
        for (int actor = 0; actor < priorities.Length; actor++)
        {
            if (decision.IsEligible(actor) && (best < 0 || priorities[actor] > priorities[best]))
            {
                best = actor;
            }
        }

        return best;
    }

    private int[] Shuffled(int count)
    {
        int[] priorities = [.. Enumerable.Range(0, count)];
        _random.Shuffle(priorities);
        return priorities;
    }
}
