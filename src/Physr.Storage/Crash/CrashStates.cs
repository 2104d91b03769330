// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Crash;

/// <summary>Every state that the media of a trace may be found in when the power goes, at every point of the trace (what pmemcheck and pmreorder do to a log, in one process).</summary>
/// <remarks><para>Each line with stores that were not flushed and fenced holds some first ones of them; lines are independent. Where a store is durable at once
/// (<see cref="PersistenceGranularity.Store"/>) there is one state to a cut. Where their product is small every state is looked at; else the plain ones are
/// (nothing survived, everything, one line alone, all but one line), and some by chance.</para>
/// <para>Nothing is copied per state: the media's images are changed from one state to the next and back.</para></remarks>
public sealed partial class CrashStates
{
    private readonly StoreTrace _trace;
    private readonly CrashOptions _options;
    private readonly CrashCheck _check;
    private readonly Random _random;
    private readonly PendingStores _pending;
    private CrashPoint _point;
    private int _marks;
    private long _cuts;
    private long _exhaustive;
    private long _states;
    private long _nested;
    private CrashFailure? _failure;

    private CrashStates(StoreTrace trace, CrashOptions options, CrashCheck check)
    {
        _trace = trace;
        _options = options;
        _check = check;
        _random = new((int)(options.Seed ^ (options.Seed >> 32)));
        _pending = new(trace);
        _point = new(trace, 0, 0);
    }

    /// <summary>Cuts the power after every event and has each state checked, until one is wrong.</summary>
    /// <param name="trace">What happened.</param>
    /// <param name="check">Recovers from a state and judges it. An exception from it is a wrong state too.</param>
    /// <param name="options">How thoroughly; the defaults where null.</param>
    public static CrashReport Run(StoreTrace trace, CrashCheck check, CrashOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(trace);
        ArgumentNullException.ThrowIfNull(check);
        CrashStates states = new(trace, options ?? new(), check);
        states.Go();
        return new(states._cuts, states._exhaustive, states._states, states._nested, states._failure);
    }

    /// <summary>Shows one state again.</summary>
    /// <param name="trace">The trace of the run, or one recorded again in the same way.</param>
    /// <param name="failure">The state.</param>
    /// <param name="check">Sees it.</param>
    /// <returns>What the checker says now.</returns>
    /// <exception cref="PhysrException">The trace has no such state (<see cref="Errno.EINVAL"/>).</exception>
    public static string? Replay(StoreTrace trace, CrashFailure failure, CrashCheck check)
    {
        ArgumentNullException.ThrowIfNull(trace);
        ArgumentNullException.ThrowIfNull(failure);
        ArgumentNullException.ThrowIfNull(check);
        if (failure.Point.Cut > trace.Events.Count)
        {
            throw new PhysrException("replay crash", failure.Point.ToString(), Errno.EINVAL, $"the trace has {trace.Events.Count} events");
        }

        CrashStates states = new(trace, new() { Seed = failure.Seed }, check);
        for (int i = 0; i < failure.Point.Cut; i++)
        {
            states._marks += trace.Events[i].Kind == TraceEventKind.Mark ? 1 : 0;
            states._pending.Apply(trace.Events[i]);
        }

        states._point = new(trace, failure.Point.Cut, states._marks);
        foreach (SurvivedLine line in failure.Lines)
        {
            PendingLine pending = states._pending.Lines.Find(each => each.Medium == line.Medium && (ulong)each.Offset == line.Offset && each.Count == line.Pending)
                ?? throw new PhysrException("replay crash", failure.Point.ToString(), Errno.EINVAL, $"the trace has no pending line {line} there");
            states._pending.Show(pending, line.Survived);
        }

        return failure.Recovery is { } recovery
            ? Replay(states.TraceRecovery(out _), recovery, (_, media) => check(states._point, media))
            : states.Ask(states._point, states._pending.Images);
    }

    private void Go()
    {
        bool isKnown = Look(null, false, true);
        int sinceStore = 0;
        for (int i = 0; i < _trace.Events.Count && _failure is null; i++)
        {
            TraceEvent what = _trace.Events[i];
            PendingLine? line = _pending.Apply(what);
            _marks += what.Kind == TraceEventKind.Mark ? 1 : 0;
            if (what.Kind == TraceEventKind.Flush)
            {
                continue;
            }

            if (what.Kind == TraceEventKind.Store && _options.Stride > 1 && ++sinceStore % _options.Stride != 0 && !IsLastStore(i))
            {
                isKnown = false;
                continue;
            }

            _point = new(_trace, i + 1, _marks);
            if (what.Kind == TraceEventKind.Fence && isKnown && !_options.ShowsKnownStates)
            {
                // A fence only takes states away.
                _cuts++;
                _exhaustive++;
                continue;
            }

            bool isNew = what.Kind == TraceEventKind.Store && line is not null && !_options.ShowsKnownStates;
            isKnown = Look(isNew ? line : null, isKnown, what.Kind != TraceEventKind.Store || IsLastStore(i));
        }
    }

    /// <summary>Whether no store follows before the next fence or mark.</summary>
    private bool IsLastStore(int index)
    {
        for (index++; index < _trace.Events.Count; index++)
        {
            if (_trace.Events[index].Kind != TraceEventKind.Flush)
            {
                return _trace.Events[index].Kind != TraceEventKind.Store;
            }
        }

        return true;
    }

    /// <summary>Looks at the states of this cut.</summary>
    /// <param name="newest">The line just stored to: states that do not have that store were possible before it. Null when there is none.</param>
    /// <param name="isKnown">Whether all states before the store were looked at.</param>
    /// <param name="isThorough">Whether this is the last chance before something is durable or promised.</param>
    /// <returns>Whether every state reachable here was looked at, here or before.</returns>
    private bool Look(PendingLine? newest, bool isKnown, bool isThorough)
    {
        _cuts++;
        PendingLine? fixedLine = isKnown ? newest : null;
        bool isExhaustive = _pending.StateCount(fixedLine, _options.MostStates) <= _options.MostStates;
        if (isExhaustive)
        {
            _exhaustive++;
            Enumerate(fixedLine);
        }
        else
        {
            Sample(newest, isThorough);
        }

        _pending.ShowNothing();
        return isExhaustive;
    }
}
