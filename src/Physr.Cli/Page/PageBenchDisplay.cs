// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Cli.Rendering;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Physr.Cli.Page;

/// <summary>How a bench stands, on the error output while it lasts; it is gone afterwards.</summary>
internal static class PageBenchDisplay
{
    private const int BarWidth = 24;

    /// <summary>Runs something under a display.</summary>
    /// <param name="terminal">Where.</param>
    /// <param name="run">What; it tells how it stands.</param>
    public static PageBenchResult Run(Terminal terminal, Func<Action<PageBenchMoment>, PageBenchResult> run)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(terminal.Error),
            ColorSystem = terminal.HasColor ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
        });
        return console.Live(new Text("")).AutoClear(true).Start(context => run(moment => context.UpdateTarget(Show(moment))));
    }

    /// <summary>A moment as lines.</summary>
    public static IRenderable Show(PageBenchMoment moment) => new Rows(Lines(moment).Select(static line => new Text(line)));

    /// <summary>A moment as text.</summary>
    public static IEnumerable<string> Lines(PageBenchMoment moment)
    {
        int full = (int)(moment.Done * BarWidth);
        yield return $"{(moment.IsChecking ? "checking" : "running "),-9} [{new string('#', full)}{new string('.', BarWidth - full)}] {moment.Done * 100,3:0} %";
        yield return $"faults    {Quantities.Count(moment.FaultsPerSecond)}/s";
        yield return $"latency   p50 {Latency(moment.Times.Quantile(0.5))}   p99 {Latency(moment.Times.Quantile(0.99))}   max so far {Latency(moment.Times.MostMicroseconds)}";
        yield return $"resident  {Quantities.Bytes(moment.ResidentBytes)}";
        yield return $"evictions {Quantities.Count(moment.Evictions)}   pager restarts {moment.PagerRestarts}";
    }

    /// <summary>A latency with a unit.</summary>
    public static string Latency(double microseconds) => Quantities.Time(microseconds / 1e6);
}
