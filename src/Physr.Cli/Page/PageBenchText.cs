// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Cli.Rendering;
using Physr.Machine.Scenarios;

namespace Physr.Cli.Page;

/// <summary>The text of <c>physr page bench</c>.</summary>
internal static class PageBenchText
{
    /// <summary>Writes it.</summary>
    public static void Write(TextWriter output, PageBenchOptions options, PageBenchResult result)
    {
        string threads = options.Threads == 1 ? "1 thread" : $"{options.Threads} threads";
        output.WriteLine(
            $"page bench: {SizeText.Format(options.Size)} in {options.Store}, {SizeText.Format(options.Resident)} resident, {Name(options.Pattern)}, {threads}{(options.Leases ? ", leases" : "")}; {(result.Verified ? "verified" : "NOT VERIFIED")}");
        Line(output, "time", Quantities.Time(result.Seconds));
        Line(output, "accesses", $"{result.Accesses}, {result.Writes} of them writes, of whole pages");
        Line(output, options.Leases ? "waits" : "faults", $"{result.Faults}, {Quantities.Count(result.FaultsPerSecond)}/s");
        Line(output, "latency", result.Times.Count == 0
            ? $"no access took more than {result.ThresholdMicroseconds:0.#} us"
            : $"p50 {Latency(result.Times.Quantile(0.5))}, p99 {Latency(result.Times.Quantile(0.99))}, max {Latency(result.Times.MostMicroseconds)}, of {result.Times.Count} accesses over {result.ThresholdMicroseconds:0.#} us");
        Line(output, "evictions", $"{result.Evictions}");
        Line(output, "in", Quantities.Bytes((ulong)result.BytesIn));
        Line(output, "out", Quantities.Bytes((ulong)result.BytesOut));
        Line(output, "collections", $"{result.GcCount}");
        if (options.KillMilliseconds > 0 || result.PagerRestarts > 0)
        {
            Line(output, "pagers", $"{result.Kills} killed, {result.PagerRestarts} went on in another's place");
        }

        Line(output, "checked", $"{result.Checked} pages, all that were touched; {(result.Wrong == 0 ? "none wrong" : $"{result.Wrong} looks found a wrong one")}");
    }

    private static string Latency(double microseconds) => PageBenchDisplay.Latency(microseconds);

    private static string Name(PagePattern pattern) => pattern switch
    {
        PagePattern.Sequential => "sequential",
        PagePattern.Zipf => "zipf",
        _ => "random",
    };

    private static void Line(TextWriter output, string name, string value) => output.WriteLine($"  {name,-12} {value}");
}
