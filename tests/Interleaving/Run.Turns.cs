// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <content>What a turn changed, and who can have the next.</content>
internal sealed partial class Run
{
    private const int Nobody = -1;

    private int _last = Nobody;
    private int _preemptions;
    private bool _lastPickPreempts;

    /// <summary>Notes where an actor has come to, and has the invariants checked.</summary>
    private void EndStep(int index, ActorState state, string point)
    {
        _progress++;
        Actor actor = _actors[index];
        if (state == ActorState.Waiting && actor.State == ActorState.Waiting && actor.Point == point)
        {
            LookedInVain(actor);
            return;
        }

        uint able = 0;
        for (int other = 0; other < _actors.Length; other++)
        {
            _actors[other].MayLook = other != index;
            able |= _actors[other].IsEligible ? 1u << other : 0;
        }

        (actor.State, actor.Point, _last) = (state, point, index);
        BeFair(index, able);
        if (_invariants is not null && Onlooker.Run(_invariants) is { } broken)
        {
            Fail(FailureKind.InvariantBroken, $"an invariant is broken, {actor.Name} being at '{point}'", broken);
        }
    }

    /// <summary>The look has changed nothing, and is not a preemption.</summary>
    private void LookedInVain(Actor actor)
    {
        actor.MayLook = false;
        _preemptions -= _lastPickPreempts ? 1 : 0;
        _steps[^1] = _steps[^1] with { InVain = true };
        _chooser.LookedInVain();
    }

    /// <summary>Two that wait in loops with points inside could keep each other going for ever: one that waits again comes after those that could have run all the time
    /// since it waited before, and did not.</summary>
    private void BeFair(int index, uint able)
    {
        uint mine = 1u << index;
        foreach (Actor other in _actors)
        {
            other.GoBefore &= ~mine;
            other.RanSinceWait |= mine;
            other.AbleSinceWait &= able | mine;
        }

        Actor actor = _actors[index];
        if (actor.State == ActorState.Waiting)
        {
            actor.GoBefore = actor.AbleSinceWait & ~actor.RanSinceWait;
            actor.RanSinceWait = 0;
            actor.AbleSinceWait = able;
        }
    }

    /// <summary>Has the chooser pick who goes on; <see cref="Nobody"/> where all are done, or where the run fails here.</summary>
    private int Next()
    {
        uint able = 0, patient = 0;
        bool areDone = true;
        for (int index = 0; index < _actors.Length; index++)
        {
            Actor actor = _actors[index];
            areDone &= actor.State == ActorState.Done;
            able |= actor.IsEligible ? 1u << index : 0;
        }

        for (int index = 0; index < _actors.Length; index++)
        {
            patient |= _actors[index].State == ActorState.Waiting && (_actors[index].GoBefore & able) != 0 ? 1u << index : 0;
        }

        if (areDone)
        {
            return Nobody;
        }

        if (able == 0)
        {
            Fail(FailureKind.Deadlock, "nobody can go on", exception: null);
            return Nobody;
        }

        if (_steps.Count >= _options.MaxSteps)
        {
            Fail(FailureKind.Livelock, $"no end after {_steps.Count} steps", exception: null);
            return Nobody;
        }

        return Pick(new(_actors, (able & ~patient) != 0 ? able & ~patient : able, _last, _preemptions));
    }

    private int Pick(in Decision decision)
    {
        try
        {
            int next = _chooser.Choose(decision);
            _lastPickPreempts = decision.LastCanGoOn && next != decision.Last;
            _preemptions += _lastPickPreempts ? 1 : 0;
            _steps.Add(new(next, _actors[next].Point, InVain: false));
            return next;
        }
        catch (DivergedException diverged)
        {
            Fail(FailureKind.Diverged, diverged.Message, diverged);
            return Nobody;
        }
    }
}
