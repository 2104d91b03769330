// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;

namespace Physr.Bench;

/// <summary>Times pieces of work in turn, so that what disturbs the machine disturbs them alike, and prints the best time of each as a row of a Markdown table.</summary>
internal sealed class RatioTable
{
    private const int Rounds = 15;

    private readonly TextWriter _output;

    /// <summary>Starts the table.</summary>
    public RatioTable(TextWriter output)
    {
        _output = output;
        output.WriteLine("| what | Physr | baseline | ratio | target | met |");
        output.WriteLine("| --- | ---: | ---: | ---: | --- | --- |");
    }

    /// <summary>The best time of each piece of work per operation, in nanoseconds, the pieces in turn.</summary>
    public static double[] TimeInTurn(int operations, params Action[] works)
    {
        // First through the tiers of the JIT, which promotes in the background after 30 calls.
        for (int i = 0; i < 36; i++)
        {
            foreach (Action work in works)
            {
                work();
            }

            Thread.Sleep(i < 34 ? 1 : 120);
        }

        GC.Collect();
        double[] best = new double[works.Length];
        Array.Fill(best, double.MaxValue);
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < works.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                works[i]();
                best[i] = Math.Min(best[i], Stopwatch.GetElapsedTime(start).TotalNanoseconds / operations);
            }
        }

        return best;
    }

    /// <summary>A row against a baseline of the same run; it is met when the ratio is at most <paramref name="most"/>.</summary>
    public void Compare(string what, double ours, double baseline, double most, string target) =>
        _output.WriteLine($"| {what} | {ours:0.0} ns | {baseline:0.0} ns | {ours / baseline:0.00} | {target} | {(ours / baseline <= most ? "yes" : "**no**")} |");

    /// <summary>A row of rates, in bytes per nanosecond, against a baseline of the same run; it is met when the ratio is at least <paramref name="least"/>.</summary>
    public void Rate(string what, double ours, double baseline, double least, string target) =>
        _output.WriteLine($"| {what} | {ours:0.0} GB/s | {baseline:0.0} GB/s | {ours / baseline:0.00} | {target} | {(ours / baseline >= least ? "yes" : "**no**")} |");

    /// <summary>A row against a baseline of the same run, with no target of its own.</summary>
    public void Against(string what, double ours, double baseline) => _output.WriteLine($"| {what} | {ours:0.00} ns | {baseline:0.00} ns | {ours / baseline:0.00} | | |");

    /// <summary>A row of operations per second against a baseline of the same run (not a number without one); met when there are at least <paramref name="least"/>, where 0 is no
    /// target.</summary>
    public void Throughput(string what, double ours, double baseline, double least)
    {
        string rival = double.IsNaN(baseline) ? "| |" : $"| {baseline / 1e6:0.00} M/s | {ours / baseline:0.00} |";
        _output.WriteLine($"| {what} | {ours / 1e6:0.00} M/s {rival} {(least == 0 ? "| |" : $"≥ {least / 1e6:0.##} M/s | {(ours >= least ? "yes" : "**no**")} |")}");
    }

    /// <summary>A row of plain numbers beside a baseline's (not a number without one); met at <paramref name="least"/> or more.</summary>
    public void AtLeast(string what, double ours, double baseline, double least, string target) =>
        _output.WriteLine($"| {what} | {ours:0.00} | {(double.IsNaN(baseline) ? "" : $"{baseline:0.00}")} | | {target} | {(ours >= least ? "yes" : "**no**")} |");

    /// <summary>A row without a target.</summary>
    public void Note(string what, double ours, string unit) => _output.WriteLine($"| {what} | {ours:0.##} {unit} | | | | |");

    /// <summary>A row that could not be measured, and why.</summary>
    public void Skip(string what, string why) => _output.WriteLine($"| {what} | not measured: {why} | | | | |");

    /// <summary>A row against a figure.</summary>
    public void Limit(string what, double ours, string unit, double most, string target) =>
        _output.WriteLine($"| {what} | {ours:0.##} {unit} | | | {target} | {(ours <= most ? "yes" : "**no**")} |");

    /// <summary>A row against a figure that is to be reached.</summary>
    public void AtLeast(string what, double ours, string unit, double least, string target) =>
        _output.WriteLine($"| {what} | {ours:0.##} {unit} | | | {target} | {(ours >= least ? "yes" : "**no**")} |");
}
