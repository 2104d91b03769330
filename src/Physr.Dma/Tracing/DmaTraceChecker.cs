// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Debugging;

namespace Physr.Dma.Tracing;

/// <summary>Checks a recorded trace of the DMA API with the same debugger that a live mapper wears (row R90; P8, P9, P15). Its memory follows what is mapped at a time and the
/// number of devices, not the length of the trace.</summary>
/// <remarks>
/// A trace shows a part of a machine's life. What began before it or was lost in it is not seen, so that a free of something unknown is no mistake yet
/// (<see cref="DmaTraceResult.Uncertain"/>); something unmapped twice with nothing lost in between is one. Bad lines are named and passed over.
/// </remarks>
public sealed partial class DmaTraceChecker
{
    private const int InitialEntries = 4096;

    private readonly DmaTraceCheckOptions _options;
    private readonly DmaTraceParser _parser = new();
    private readonly DmaTraceEvent _event = new();
    private readonly RecordedMemory _memory = new();
    private readonly long[] _counts = new long[DmaTraceFormat.Events.Count + 1];
    private readonly List<(long Line, string Problem)> _problems = [];
    private DmaDebugger? _debugger;
    private DmaRange[] _segments = new DmaRange[64];
    private bool _isComplete;
    private string? _stopped;
    private long _line;
    private long _otherEvents;
    private long _badLines;
    private long _losses;
    private ulong _lostEvents;

    /// <summary>Makes a checker that has seen nothing.</summary>
    /// <param name="options">How; null is the default.</param>
    public DmaTraceChecker(DmaTraceCheckOptions? options = null)
    {
        _options = options ?? new();
        _isComplete = _options.IsStrict;
    }

    /// <summary>Reads and checks the next line.</summary>
    /// <param name="line">The line, with or without its end.</param>
    public void CheckLine(ReadOnlySpan<byte> line)
    {
        _line++;
        switch (_parser.Parse(line, _event))
        {
            case DmaTraceLine.Event:
                _counts[(int)_event.Kind]++;
                Apply(_event);
                break;
            case DmaTraceLine.OtherEvent:
                _otherEvents++;
                break;
            case DmaTraceLine.Loss:
                _losses++;
                _lostEvents += _parser.LostEvents;
                Debugger.SetNextEvent(_line);
                Debugger.OnEventsLost();
                break;
            case DmaTraceLine.Garbage:
                AddProblem();
                break;
        }
    }

    /// <summary>Counts a line too long to be read, as bad.</summary>
    internal void SkipLine()
    {
        _line++;
        _parser.Refuse(DmaTraceProblem.TooLong);
        AddProblem();
    }

    /// <summary>What was found. Nothing is to be fed after it.</summary>
    public DmaTraceResult Finish()
    {
        SettleOverlaps(long.MaxValue);
        IReadOnlyList<DmaLeak> leaks = Debugger.Leaks();
        if (_options.Driver is { } driver)
        {
            leaks = [.. leaks.Where(leak => string.Equals(leak.Driver, driver, StringComparison.Ordinal))];
        }

        return new()
        {
            Lines = _line,
            Events = [.. _counts.Index().Where(static entry => entry.Item != 0).Select(static entry => ((DmaTraceEventKind)entry.Index, entry.Item))],
            OtherEvents = _otherEvents,
            BadLines = _badLines,
            Problems = _problems,
            Losses = _losses,
            LostEvents = _lostEvents,
            Findings = _findings.InOrder(),
            Uncertain = _uncertain.InOrder(),
            FindingCount = _findings.Count,
            UncertainCount = _uncertain.Count,
            Races = _races,
            Leaks = leaks,
            LeaksAreFindings = _options.IsStrict,
            Stopped = _stopped,
            Drivers = [.. _drivers.Order(StringComparer.Ordinal)],
        };
    }

    private DmaDebugger Debugger => _debugger ?? CreateDebugger();

    private DmaDebugger CreateDebugger()
    {
        _debugger = new(new()
        {
            InitialEntries = _options.MaxEntries == 0 ? InitialEntries : Math.Min(InitialEntries, _options.MaxEntries),
            MaxEntries = _options.MaxEntries,
            AllErrors = true,
            DriverFilter = _options.Driver,
            HistoryIsComplete = _isComplete,
            RequiresErrorChecks = _isRecorded,
            Classifier = _memory,
            EventWord = "line",
            AllocationGate = _options.AllocationGate,
            Warn = message => _stopped = $"line {_line}: {message}",
        });
        _debugger.Reported += OnReported;
        return _debugger;
    }

    private void AddProblem()
    {
        _badLines++;
        if (_problems.Count < _options.MaxProblems)
        {
            _problems.Add((_line, _parser.Describe()));
        }
    }
}
