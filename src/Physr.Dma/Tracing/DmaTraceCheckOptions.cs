// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Dma.Tracing;

/// <summary>How a trace is checked.</summary>
public sealed record DmaTraceCheckOptions
{
    /// <summary>Whether the trace began before anything was mapped: a free of something unseen is then a mistake, and what is mapped at the end is a leak. What lost events
    /// could explain counts as found, too.</summary>
    public bool IsStrict { get; init; }

    /// <summary>Whether each finding is kept by itself; otherwise the first of each class and device, with how often it came.</summary>
    public bool KeepsAll { get; init; }

    /// <summary>Only findings of this driver's devices; null is everybody's.</summary>
    public string? Driver { get; init; }

    /// <summary>The driver of a device, by its name; null where that is not known. The trace's own word comes first.</summary>
    public Func<string, string?>? DriverOf { get; init; }

    /// <summary>Most bad lines that are kept, to be shown.</summary>
    public int MaxProblems { get; init; } = 20;

    /// <summary>Most mappings at a time; 0 is no bound. A trace with more is checked up to there.</summary>
    public int MaxEntries { get; init; }

    /// <summary>For how long a new mapping over an old one may be the order in which processors write their events, when the old one's unmap comes after. The unmap is traced
    /// when the addresses are free already.</summary>
    public TimeSpan RaceWindow { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Asked before every growth; null lets all pass (row R91).</summary>
    public IAllocationGate? AllocationGate { get; init; }
}
