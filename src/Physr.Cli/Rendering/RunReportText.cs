// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using Physr.Machine.Reports;
using Physr.Machine.Scenarios;
using Spectre.Console;

namespace Physr.Cli.Rendering;

/// <summary>A run for people: the routes side by side, why each went as it did, and what crossed each link.</summary>
internal sealed partial class RunReportText
{
    private const int LabelWidth = 18;
    private const int LeastColumnWidth = 13;

    private readonly RunReport _report;
    private readonly Scenario _scenario;
    private readonly Terminal _terminal;
    private readonly StringBuilder _text = new();
    private readonly IAnsiConsole _console;

    /// <summary>Prepares a report.</summary>
    public RunReportText(RunReport report, Scenario scenario, Terminal terminal)
    {
        _report = report;
        _scenario = scenario;
        _terminal = terminal;
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = terminal.HasColor ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = terminal.HasColor ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(new StringWriter(_text)),
        });
        _console.Profile.Width = terminal.Width;
        _console.Profile.Capabilities.Unicode = true;
    }

    /// <summary>The text, ending with a line end; no line ends with blanks.</summary>
    public string Render()
    {
        WriteHeader();
        foreach (RouteReport[] routes in SideBySide())
        {
            WriteComparison(routes);
        }

        WriteReasons();
        foreach (RouteReport[] routes in SideBySide())
        {
            WriteLinks(routes);
        }

        WriteMoments();
        WriteFailures();
        WriteSummary();

        StringBuilder trimmed = new();
        bool wasBlank = false;
        foreach (string line in _text.ToString().TrimEnd().Split('\n').Select(static line => line.TrimEnd()))
        {
            bool isBlank = line.Length == 0;
            trimmed.Append(isBlank && wasBlank ? "" : line + "\n");
            wasBlank = isBlank;
        }

        return trimmed.ToString();
    }

    private static string Colored(string text, string color) => $"[{color}]{Markup.Escape(text)}[/]";

    // As many routes beside each other as fit, evenly over as few tables as need be.
    private IEnumerable<RouteReport[]> SideBySide()
    {
        int most = Math.Max(1, (_terminal.Width - LabelWidth) / (LeastColumnWidth + 2));
        int tables = (_report.Routes.Count + most - 1) / most;
        return tables == 0 ? [] : _report.Routes.Chunk((_report.Routes.Count + tables - 1) / tables);
    }

    private int ColumnWidth(int routes) => Math.Max(LeastColumnWidth, Math.Min(24, ((_terminal.Width - LabelWidth) / routes) - 2));

    private void WriteHeader()
    {
        string name = Colored(_report.Scenario, "bold");
        string result = _report.Verified ? Colored("verified", "green") : Colored("NOT VERIFIED", "red");
        ulong payload = _scenario.Transfers.Aggregate(0UL, static (sum, transfer) => sum + transfer.LengthBytes);
        string work = _scenario.Storage is { } stored
            ? $"a file of {Quantities.Bytes(stored.FileBytes)} on an array of {stored.Members.Count} members, over each route"
            : _scenario.Unaddressable is { } process
            ? $"a process whose memory {process.Gpu} works on, over each route"
            : _scenario.Slices is { } slices
            ? $"{slices.Buffers.Count} buffers of {slices.Exporter} for {slices.Importers.Count} importers over each route"
            : $"{_scenario.Transfers.Count} transfers, {Quantities.Bytes(payload)} over each route";
        _console.MarkupLine($"{name}: {Markup.Escape(work)}; seed {_report.Seed}; {result}");
        _console.WriteLine();
    }

    private void WriteReasons()
    {
        foreach (RouteReport route in _report.Routes)
        {
            string fallBack = route.FellBack ? ", fell back to bounce" : "";
            _console.MarkupLine($"{Colored(route.Name, "bold")}: {ColoredVerdict(route)}{fallBack}");
            foreach (string reason in route.Reasons)
            {
                _console.Write(new Padder(new Text(reason), new Padding(2, 0, 0, 0)));
            }
        }

        _console.WriteLine();
    }

    private void WriteFailures()
    {
        bool any = false;
        foreach (RouteReport route in _report.Routes)
        {
            foreach (TransferReport transfer in route.Transfers.Where(static transfer => transfer.Error is not null || !transfer.Verified))
            {
                string what = transfer.Error ?? "bytes at the destination differ from the source's";
                _console.MarkupLine($"{Colored("failed", "red")}: {Markup.Escape($"{route.Name}: {transfer.Name}: {what}")}");
                any = true;
            }

            if (route.Leaks > 0)
            {
                _console.MarkupLine($"{Colored("leaked", "red")}: {Markup.Escape($"{route.Name}: {route.Leaks} not given back")}");
                any = true;
            }
        }

        if (any)
        {
            _console.WriteLine();
        }
    }

    private void WriteSummary()
    {
        int verified = _report.Routes.Count(static route => route.Verified);
        string summary = $"verified: {verified} of {_report.Routes.Count} routes, {_report.Leaks} leaks; replay with --seed {_report.Seed}";
        _console.MarkupLine(Colored(summary, _report.Verified && _report.Leaks == 0 ? "green" : "red"));
    }

    private static string ColoredVerdict(RouteReport route, int width = int.MaxValue) => Colored(Break(route.Verdict, width), route.Verdict switch
    {
        "busAddress" => "green",
        "throughHostBridge" => "yellow",
        "notSupported" => "red",
        _ => "default",
    });
}
