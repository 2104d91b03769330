// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Reports;
using Physr.Machine.Simulation;
using Spectre.Console;

namespace Physr.Cli.Rendering;

/// <summary>A bar per route on the error output while a run lasts; it is gone afterwards.</summary>
internal sealed class ProgressDisplay : IRunObserver
{
    private readonly ProgressContext _context;
    private ProgressTask? _task;
    private ProgressTask? _rebuild;

    private ProgressDisplay(ProgressContext context) => _context = context;

    /// <summary>Runs something under a display.</summary>
    public static RunReport Run(Terminal terminal, Func<IRunObserver, RunReport> run)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(terminal.Error),
            ColorSystem = terminal.HasColor ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
        });
        return console.Progress()
            .AutoClear(true)
            .HideCompleted(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .Start(context => run(new ProgressDisplay(context)));
    }

    public void RouteStarted(string route, int index, int count, ulong payloadBytes) =>
        _task = _context.AddTask(Markup.Escape(route), maxValue: Math.Max(1, (double)payloadBytes));

    public void Progress(ulong bytesDone, ulong payloadBytes)
    {
        if (_task is not null)
        {
            _task.Value = bytesDone;
        }
    }

    public void Rebuilding(ulong bytesDone, ulong bytes)
    {
        _rebuild ??= _context.AddTask("  rebuild", maxValue: Math.Max(1, (double)bytes));
        _rebuild.Value = bytesDone;
        if (bytesDone == bytes)
        {
            _rebuild.StopTask();
            _rebuild = null;
        }
    }

    public void Span(string track, string name, SimTime start, SimTime end, ulong bytes)
    {
        // Bars show bytes, not the machine's inner life.
    }

    public void RouteFinished(RouteReport report)
    {
        if (_task is not null)
        {
            _task.Value = _task.MaxValue;
            _task.StopTask();
        }
    }
}
