// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Cli.Page;

/// <summary>What a bench found. Counts are of the run; the look at all pages at its end is not among them, but may be what <see cref="Wrong"/> and <see cref="PagerRestarts"/> come from.</summary>
internal sealed record PageBenchResult
{
    /// <summary>Whether every page that was touched held what was written last.</summary>
    public bool Verified => Wrong == 0 && Failure.Length == 0;

    /// <summary>Why the bench could not be brought to its end; empty where it was.</summary>
    public string Failure { get; init; } = "";

    /// <summary>How long the run took.</summary>
    public double Seconds { get; init; }

    /// <summary>Whole pages that were read or written.</summary>
    public long Accesses { get; init; }

    /// <summary>Those of them that were written.</summary>
    public long Writes { get; init; }

    /// <summary>Page faults, and pages that leases waited for.</summary>
    public long Faults { get; init; }

    /// <summary>Pages that left.</summary>
    public long Evictions { get; init; }

    /// <summary>Bytes from the store.</summary>
    public long BytesIn { get; init; }

    /// <summary>Bytes to the store.</summary>
    public long BytesOut { get; init; }

    /// <summary>Accesses that faulted, as the thread saw them.</summary>
    public required AccessTimes Times { get; init; }

    /// <summary>From how many microseconds on an access counted as one that faulted.</summary>
    public double ThresholdMicroseconds { get; init; }

    /// <summary>Garbage collections meanwhile.</summary>
    public int GcCount { get; init; }

    /// <summary>Pagers that were killed.</summary>
    public int Kills { get; init; }

    /// <summary>How often another pager went on.</summary>
    public int PagerRestarts { get; init; }

    /// <summary>Pages that were looked at again at the end.</summary>
    public long Checked { get; init; }

    /// <summary>Looks that found a wrong page.</summary>
    public long Wrong { get; init; }

    /// <summary>The first of them.</summary>
    public IReadOnlyList<string> Findings { get; init; } = [];

    /// <summary>Faults in each second.</summary>
    public double FaultsPerSecond => Seconds > 0 ? Faults / Seconds : 0;
}
