// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;

namespace Physr.Testing.Interleaving;

/// <summary>A place in a run at which somebody is to have the next turn.</summary>
/// <param name="Actors">All actors, and where they stand.</param>
/// <param name="Eligible">Who can have it, by bit; never nobody.</param>
/// <param name="Last">Who did something last; -1 at the beginning.</param>
/// <param name="Preemptions">How often an actor lost the turn though it could have gone on.</param>
internal readonly record struct Decision(Actor[] Actors, uint Eligible, int Last, int Preemptions)
{
    /// <summary>Whether giving the turn to another one than <see cref="Last"/> is a preemption.</summary>
    public bool LastCanGoOn => Last >= 0 && Actors[Last].State == ActorState.Ready;

    /// <summary>Who has the turn where nobody is preempted: who had it, else the first that can go on, else the first that can look.</summary>
    public int Calmest
    {
        get
        {
            if (LastCanGoOn && IsEligible(Last))
            {
                return Last;
            }

            for (int actor = 0; actor < Actors.Length; actor++)
            {
                if (IsEligible(actor) && Actors[actor].State == ActorState.Ready)
                {
                    return actor;
                }
            }

            return BitOperations.TrailingZeroCount(Eligible);
        }
    }

    /// <summary>Whether an actor can have the turn.</summary>
    public bool IsEligible(int actor) => (Eligible >> actor & 1) != 0;
}
