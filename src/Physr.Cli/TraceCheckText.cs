// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using Physr.Cli.Rendering;
using Physr.Dma.Debugging;
using Physr.Dma.Tracing;

namespace Physr.Cli;

/// <summary>The text of <c>physr trace check</c>: findings, what is uncertain, what is still mapped, and counts.</summary>
internal static class TraceCheckText
{
    internal static void Write(TextWriter output, DmaTraceResult result, TraceCheckOptions options)
    {
        WriteFindings(output, "FINDINGS", result.Findings, result.FindingCount, options.ListsAll);
        if (result.Uncertain.Count != 0)
        {
            WriteFindings(output, "UNCERTAIN: events that the trace does not show could explain these", result.Uncertain, result.UncertainCount, options.ListsAll);
        }

        WriteLeaks(output, result);
        WriteCounts(output, result);
    }

    private static void WriteFindings(TextWriter output, string title, IReadOnlyList<DmaTraceFinding> findings, long count, bool listsAll)
    {
        output.WriteLine(count == 0 ? $"{title}: none" : $"{title} ({count})");
        if (findings.Count == 0)
        {
            output.WriteLine();
            return;
        }

        int line = findings.Max(static finding => Number(finding.Line).Length);
        int device = findings.Max(static finding => Printable(finding.Report.Device.Name).Length);
        foreach (DmaTraceFinding finding in findings)
        {
            DmaDebugReport report = finding.Report;
            string times = listsAll || finding.Times == 1 ? "" : $" ({Number(finding.Times)} times)";
            output.WriteLine($"  line {Number(finding.Line).PadLeft(line)}  {Printable(report.Device.Name).PadRight(device)}  #{(int)report.Error,-2} {Printable(report.Message)}{times}");
        }

        output.WriteLine();
    }

    private static void WriteLeaks(TextWriter output, DmaTraceResult result)
    {
        if (result.Leaks.Count == 0)
        {
            output.WriteLine("STILL MAPPED at the end: nothing");
            output.WriteLine();
            return;
        }

        output.WriteLine(result.LeaksAreFindings ? "LEAKED: mapped at the end" : "STILL MAPPED at the end, which a driver in use may well have");
        int device = result.Leaks.Max(static leak => Printable(leak.Device.Name).Length);
        foreach (DmaLeak leak in result.Leaks)
        {
            output.WriteLine($"  {Printable(leak.Device.Name).PadRight(device)}  {Number(leak.Count)} mapped, {Quantities.Bytes(leak.Bytes)}; the oldest: {leak.Sample}");
        }

        output.WriteLine();
    }

    private static void WriteCounts(TextWriter output, DmaTraceResult result)
    {
        string events = string.Join(", ", result.Events.Select(static entry => $"{DmaTraceNames.Of(entry.Kind)} {Number(entry.Count)}"));
        output.WriteLine($"{Number(result.Lines)} lines: {Number(result.EventCount)} DMA events ({events}), other events {Number(result.OtherEvents)}, bad lines {Number(result.BadLines)}.");
        if (result.Losses != 0)
        {
            output.WriteLine($"Lost events: {result.LostEvents.ToString(CultureInfo.InvariantCulture)}, in {Number(result.Losses)} places.");
        }

        if (result.Races != 0)
        {
            output.WriteLine($"Overlaps excused: {Number(result.Races)}, which were only the order in which processors wrote their events.");
        }

        if (result.Stopped is { } stopped)
        {
            output.WriteLine($"Not checked to the end: {stopped}.");
        }

        foreach ((long line, string problem) in result.Problems)
        {
            output.WriteLine($"line {Number(line)}: {Printable(problem)}");
        }

        if (result.BadLines > result.Problems.Count)
        {
            output.WriteLine($"... and {Number(result.BadLines - result.Problems.Count)} more bad lines.");
        }
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Names come from the trace, which may hold anything: control characters do not reach the terminal.</summary>
    private static string Printable(string text) => string.Concat(text.Select(static c => char.IsControl(c) ? '?' : c));
}
