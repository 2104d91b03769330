// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;

namespace Physr.Testing.Interleaving;

/// <summary>Goes through all orders with at most so many preemptions, depth first, one run each: it keeps the decisions of the last run and takes the next way at the last
/// of them that has one left. Those that wait have the first turn, since where they look in vain the run can go on with the other ways.</summary>
/// <param name="preemptions">The most preemptions.</param>
/// <param name="areIndependent">Which steps can be swapped (<see cref="InterleaveOptions.AreIndependent"/>).</param>
internal sealed class DepthFirstChooser(int preemptions, Func<string, string, bool>? areIndependent) : Chooser
{
    private readonly List<Node> _path = [];
    private int _depth;

    /// <summary>Whether the current run goes where an equivalent one has been: it is only brought to its end.</summary>
    public bool IsRepeating { get; private set; }

    /// <summary>Whether an order was left out because of its preemptions.</summary>
    public bool HasLeftOut { get; private set; }

    /// <inheritdoc/>
    public override int Choose(in Decision decision)
    {
        if (IsRepeating)
        {
            return decision.Calmest;
        }

        if (_depth == _path.Count)
        {
            Node? made = Arrive(decision);
            if (made is null)
            {
                IsRepeating = true;
                return decision.Calmest;
            }

            _path.Add(made);
        }

        Node node = _path[_depth++];
        if (node.Eligible != decision.Eligible || decision.Actors[node.Pick].Point != node.Points[node.Pick])
        {
            throw new DivergedException($"the same schedule led elsewhere at step {_depth}: the scenario depends on more than the order of its actors");
        }

        return node.Pick;
    }

    /// <inheritdoc/>
    public override void LookedInVain()
    {
        if (!IsRepeating)
        {
            // Nothing has changed: the next decision has what this one has left.
            Node node = _path[_depth - 1];
            node.WasInVain = true;
            node.Left = 0;
        }
    }

    /// <summary>Prepares the next run; false where there is none.</summary>
    public bool Advance()
    {
        _depth = 0;
        IsRepeating = false;
        while (_path.Count > 0)
        {
            Node node = _path[^1];
            if (node.Left != 0)
            {
                node.Take();
                return true;
            }

            _path.RemoveAt(_path.Count - 1);
        }

        return false;
    }

    private Node? Arrive(in Decision decision)
    {
        uint asleep = _depth == 0 ? 0 : Asleep(_path[_depth - 1], decision.Actors);
        uint left = decision.Eligible & ~asleep;
        if (decision.LastCanGoOn && decision.Preemptions >= preemptions)
        {
            uint last = 1u << decision.Last;
            HasLeftOut |= (left & ~last) != 0;
            left &= last;
        }

        if (left == 0)
        {
            return null;
        }

        uint waiting = 0;
        for (int actor = 0; actor < decision.Actors.Length; actor++)
        {
            waiting |= decision.Actors[actor].State == ActorState.Waiting ? 1u << actor : 0;
        }

        string[] points = [.. decision.Actors.Select(static actor => actor.Point)];
        Node node = new() { Eligible = decision.Eligible, Asleep = asleep, Waiting = waiting, First = decision.Calmest, Left = left, Points = points };
        node.Take();
        return node;
    }

    /// <summary>The actors whose turn, taken now, gives an order that was tried with that turn taken before.</summary>
    private uint Asleep(Node before, Actor[] actors)
    {
        uint asleep = before.Asleep | (before.Tried & ~(1u << before.Pick));
        if (before.WasInVain)
        {
            return asleep;
        }

        for (uint rest = asleep; rest != 0; rest &= rest - 1)
        {
            int actor = BitOperations.TrailingZeroCount(rest);
            bool isSwappable = areIndependent is not null && actors[actor].Point == before.Points[actor] && areIndependent(before.Points[actor], before.Points[before.Pick]);
            asleep &= isSwappable ? ~0u : ~(1u << actor);
        }

        return asleep;
    }

    /// <summary>A decision on the way.</summary>
    private sealed class Node
    {
        /// <summary>Who could have the turn, by bit.</summary>
        public required uint Eligible { get; init; }

        /// <summary>Whose turns lead to what was seen.</summary>
        public required uint Asleep { get; init; }

        /// <summary>Who waits.</summary>
        public required uint Waiting { get; init; }

        /// <summary>Who goes on unless somebody is preempted.</summary>
        public required int First { get; init; }

        /// <summary>Where all stand.</summary>
        public required string[] Points { get; init; }

        /// <summary>Whose turn is still to be tried.</summary>
        public required uint Left { get; set; }

        /// <summary>Whose turn was tried, and is.</summary>
        public uint Tried { get; private set; }

        /// <summary>Who has the turn.</summary>
        public int Pick { get; private set; }

        /// <summary>Whether the one that has it looked in vain.</summary>
        public bool WasInVain { get; set; }

        /// <summary>Takes the next: those that wait, then who goes on, then the others.</summary>
        public void Take()
        {
            uint waiting = Left & Waiting;
            Pick = waiting != 0 ? BitOperations.TrailingZeroCount(waiting) : (Left >> First & 1) != 0 ? First : BitOperations.TrailingZeroCount(Left);
            Tried |= 1u << Pick;
            Left &= ~(1u << Pick);
        }
    }
}
