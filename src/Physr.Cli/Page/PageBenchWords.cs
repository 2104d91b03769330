// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using Physr.Machine.Scenarios;

namespace Physr.Cli.Page;

/// <summary>The command line of <c>physr page bench</c> as it was typed.</summary>
internal sealed record PageBenchWords
{
    private const ulong Page = PageStamps.PageBytes;
    private const ulong MostBytes = 8UL << 40;
    private const double MostSeconds = 1_000_000;

    private static readonly Dictionary<string, PagePattern> s_patterns = new(StringComparer.Ordinal)
    {
        ["sequential"] = PagePattern.Sequential,
        ["random"] = PagePattern.Random,
        ["zipf"] = PagePattern.Zipf,
    };

    /// <summary><c>--size</c>.</summary>
    public required string? Size { get; init; }

    /// <summary><c>--resident</c>.</summary>
    public required string? Resident { get; init; }

    /// <summary><c>--store</c>.</summary>
    public required string Store { get; init; }

    /// <summary><c>--pattern</c>.</summary>
    public required string Pattern { get; init; }

    /// <summary><c>--threads</c>.</summary>
    public required string Threads { get; init; }

    /// <summary><c>--seconds</c>.</summary>
    public required string Seconds { get; init; }

    /// <summary><c>--write-ratio</c>.</summary>
    public required string WriteRatio { get; init; }

    /// <summary><c>--kill-pager-every</c>.</summary>
    public required string? KillEvery { get; init; }

    /// <summary><c>--seed</c>.</summary>
    public required string Seed { get; init; }

    /// <summary><c>--lease</c>.</summary>
    public required bool Leases { get; init; }

    /// <summary><c>--overwrite</c>.</summary>
    public required bool Overwrites { get; init; }

    /// <summary><c>--output json</c>.</summary>
    public required bool IsJson { get; init; }

    /// <summary>What they mean.</summary>
    /// <param name="options">The meaning; null where they have none.</param>
    /// <param name="problem">What is wrong and what would be right.</param>
    public bool TryRead(out PageBenchOptions? options, out string problem)
    {
        options = null;
        if (!TryReadSize("--size", Size, out ulong size, out problem) || !TryReadSize("--resident", Resident, out ulong resident, out problem))
        {
            return false;
        }

        PagePattern pattern = default;
        int threads = 0;
        int kill = 0;
        double seconds = 0;
        double ratio = 0;
        ulong seed = 0;
        ulong pages = size / Page;
        problem =
            !PageBenchStore.IsKnown(Store) ? $"--store '{Store}' is none of {PageBenchStore.Known}"
            : !s_patterns.TryGetValue(Pattern, out pattern) ? $"--pattern '{Pattern}' is none of {string.Join(", ", s_patterns.Keys)}"
            : !int.TryParse(Threads, NumberStyles.None, CultureInfo.InvariantCulture, out threads) || threads < 1 ? $"--threads '{Threads}' is no number of threads; give 1 or more"
            : (ulong)threads > pages ? $"--threads {threads}: each thread has pages of its own, and --size {SizeText.Format(size)} has {pages}; give {pages} threads at the most"
            : pages / (ulong)threads >= (ulong)Array.MaxLength ? "--size: that is too much for one thread to remember; give two --threads or more"
            : Leases && resident / Page < (ulong)threads ? $"--resident {SizeText.Format(resident)}: with --lease each of {threads} threads holds a page; give {SizeText.Format((ulong)threads * Page)} or more"
            : !TryReadNumber(Seconds, out seconds) || seconds is <= 0 or > MostSeconds ? $"--seconds '{Seconds}' is no time; give a number above 0, up to {MostSeconds:0}"
            : !TryReadNumber(WriteRatio, out ratio) || ratio is < 0 or > 1 ? $"--write-ratio '{WriteRatio}' is no ratio; give a number from 0 (reads alone) to 1 (writes alone)"
            : KillEvery is not null && (!int.TryParse(KillEvery, NumberStyles.None, CultureInfo.InvariantCulture, out kill) || kill < 1) ? $"--kill-pager-every '{KillEvery}' is no time; give whole milliseconds, 1 or more"
            : !ulong.TryParse(Seed, NumberStyles.None, CultureInfo.InvariantCulture, out seed) ? $"--seed '{Seed}' is no seed; give a whole number from 0 to {ulong.MaxValue}"
            : "";
        if (problem.Length != 0)
        {
            return false;
        }

        options = new()
        {
            Size = size, Resident = resident, Store = Store, Pattern = pattern, Threads = threads, Seconds = seconds, WriteRatio = ratio,
            Leases = Leases, KillMilliseconds = kill, Seed = seed, Overwrites = Overwrites, IsJson = IsJson,
        };
        return true;
    }

    private static bool TryReadNumber(string text, out double number) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);

    private static bool TryReadSize(string option, string? text, out ulong bytes, out string problem)
    {
        bytes = 0;
        problem = $"{option} is missing; give --size and --resident, as --size 1GiB --resident 256MiB";
        if (text is null)
        {
            return false;
        }

        if (!SizeText.TryParse(text, out bytes, out string? wrong))
        {
            problem = $"{option} {wrong}";
            return false;
        }

        ulong above = bytes < Page ? Page : (bytes / Page * Page) + Page;
        problem =
            bytes > MostBytes ? $"{option} '{text}' is more than a region can have; 8TiB is the most"
            : bytes < Page ? $"{option} '{text}' is less than a page; {SizeText.Format(above)} is the least"
            : bytes % Page != 0 ? $"{option} '{text}' is not a number of whole pages of 4KiB; {SizeText.Format(bytes / Page * Page)} or {SizeText.Format(above)} would be right"
            : "";
        return problem.Length == 0;
    }
}
