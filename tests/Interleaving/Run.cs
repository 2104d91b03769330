// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;

namespace Physr.Testing.Interleaving;

/// <summary>One run of a scenario: its actors have turns, one at a time, as a <see cref="Chooser"/> says. The thread that has the turn does the choosing, so that going on
/// costs no switch.</summary>
internal sealed partial class Run
{
    private readonly Actor[] _actors;
    private readonly Action? _invariants;
    private readonly IReadOnlyList<ActorThread> _threads;
    private readonly Chooser _chooser;
    private readonly InterleaveOptions _options;
    private readonly Turn _director;
    private readonly List<ScheduleStep> _steps = [];
    private FailureKind? _failure;
    private string? _message;
    private Exception? _exception;
    private int _handOvers;
    private int _running = -1;
    private volatile int _progress;
    private volatile bool _isUnwinding;
    private volatile bool _isStalled;

    private Run(Scenario scenario, Troupe troupe, Chooser chooser, InterleaveOptions options)
    {
        _actors = [.. scenario.Actors];
        _invariants = scenario.HasInvariants ? scenario.CheckInvariants : null;
        _chooser = chooser;
        _options = options;
        _director = troupe.Director;
        _threads = troupe.Cast(this, _actors.Length);
    }

    /// <summary>Runs a scenario to its end, checks it, and gives back what it holds.</summary>
    public static RunResult Execute(Scenario scenario, Troupe troupe, Chooser chooser, InterleaveOptions options)
    {
        Run run = new(scenario, troupe, chooser, options);
        run.Play();
        if (run._failure is null && Onlooker.Run(scenario.CheckEnd) is { } wrong)
        {
            run.Fail(FailureKind.CheckFailed, "the final check failed", wrong);
        }

        // A failed run's actors may have left locks behind, which would fail this too.
        Exception? kept = null;
        _ = Onlooker.Run(() => kept = scenario.ReleaseAll());
        if (kept is not null && run._failure is null)
        {
            run.Fail(FailureKind.ReleaseFailed, "what the scenario holds could not be given back", kept);
        }

        Schedule schedule = new([.. run._actors.Select(static actor => actor.Name)], run._steps, run._preemptions);
        return new(schedule, run._handOvers, run._failure, run._message, run._exception);
    }

    /// <summary>An actor's first turn: does what it does.</summary>
    internal void Begin(int index)
    {
        Actor actor = _actors[index];
        actor.HasStarted = true;
        actor.Body();
    }

    /// <summary>An actor has come to a point: the turn may go to another, and this returns when it comes back.</summary>
    /// <exception cref="UnwindException">The run has failed.</exception>
    internal void Pause(int index, ActorState state, string point)
    {
        ThrowIfUnwinding();
        EndStep(index, state, point);
        int next = _failure is null ? Next() : Nobody;
        if (_failure is not null)
        {
            _isUnwinding = true;
            throw new UnwindException();
        }

        if (next != index)
        {
            HandOver(next);
            _ = _threads[index].Turn.Await();
            ThrowIfUnwinding();
        }
    }

    /// <summary>An actor has returned, or thrown: the turn goes to another, or back to whoever began the run.</summary>
    internal void Finish(int index, Exception? thrown)
    {
        if (!_isUnwinding)
        {
            if (thrown is not null)
            {
                Fail(FailureKind.ActorThrew, $"{_actors[index].Name} threw after '{_actors[index].Point}'", thrown);
            }
            else
            {
                EndStep(index, ActorState.Done, Actor.End);
            }

            if (_failure is null && Next() is >= 0 and int next)
            {
                HandOver(next);
                return;
            }

            _isUnwinding = _failure is not null;
        }

        _actors[index].State = ActorState.Done;
        if (!_isStalled)
        {
            UnwindNext();
        }
    }

    private void Play()
    {
        if (Next() is >= 0 and int first)
        {
            HandOver(first);
            int seen = _progress;
            while (!_director.Await(_options.StallMilliseconds))
            {
                if (_progress == seen)
                {
                    GiveUp();
                    return;
                }

                seen = _progress;
            }
        }
    }

    /// <summary>Has the next actor that stands somewhere thrown out of there; once there is none, the run is over.</summary>
    private void UnwindNext()
    {
        for (int other = 0; other < _actors.Length; other++)
        {
            if (_actors[other] is { HasStarted: true, State: not ActorState.Done })
            {
                _threads[other].Turn.Give();
                return;
            }
        }

        _director.Give();
    }

    /// <summary>The running actor does not come back. It is left to itself, the others are thrown out.</summary>
    private void GiveUp()
    {
        int stuck = _running;
        Fail(FailureKind.Stalled, $"{_actors[stuck].Name} has not come to a point for {_options.StallMilliseconds} ms since '{_actors[stuck].Point}'", exception: null);
        _isStalled = true;
        _isUnwinding = true;
        for (int other = 0; other < _actors.Length; other++)
        {
            if (other != stuck && _actors[other] is { HasStarted: true, State: not ActorState.Done })
            {
                _threads[other].Turn.Give();
            }
        }
    }

    private void HandOver(int next)
    {
        _handOvers++;
        _running = next;
        _threads[next].Turn.Give();
    }

    private void Fail(FailureKind kind, string message, Exception? exception)
    {
        if (_failure is null)
        {
            _message = $"{message} ({string.Join(", ", (object[])_actors)})";
            _exception = exception;
            _failure = kind;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ThrowIfUnwinding()
    {
        if (_isUnwinding)
        {
            throw new UnwindException();
        }
    }
}
