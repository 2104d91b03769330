// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Debugging;

namespace Physr.Dma.Tracing;

/// <summary>What a trace holds.</summary>
public sealed record DmaTraceResult
{
    /// <summary>Lines read.</summary>
    public required long Lines { get; init; }

    /// <summary>DMA events by kind, those that came.</summary>
    public required IReadOnlyList<(DmaTraceEventKind Kind, long Count)> Events { get; init; }

    /// <summary>Other events, passed over.</summary>
    public required long OtherEvents { get; init; }

    /// <summary>Lines that do not read well.</summary>
    public required long BadLines { get; init; }

    /// <summary>The first of them, with what would be right.</summary>
    public required IReadOnlyList<(long Line, string Problem)> Problems { get; init; }

    /// <summary>Notes that events were lost.</summary>
    public required long Losses { get; init; }

    /// <summary>Events lost, as far as the notes say.</summary>
    public required ulong LostEvents { get; init; }

    /// <summary>Mistakes, in order of their lines.</summary>
    public required IReadOnlyList<DmaTraceFinding> Findings { get; init; }

    /// <summary>What looks like a mistake but could be explained by what the trace does not show.</summary>
    public required IReadOnlyList<DmaTraceFinding> Uncertain { get; init; }

    /// <summary>How many mistakes there are, told one by one or not.</summary>
    public required long FindingCount { get; init; }

    /// <summary>How many uncertain ones.</summary>
    public required long UncertainCount { get; init; }

    /// <summary>Overlaps that were only the order in which processors wrote.</summary>
    public required long Races { get; init; }

    /// <summary>What is mapped at the end, by device.</summary>
    public required IReadOnlyList<DmaLeak> Leaks { get; init; }

    /// <summary>Whether leaks are mistakes: the trace is said to be complete.</summary>
    public required bool LeaksAreFindings { get; init; }

    /// <summary>Why checking stopped before the end; null where it did not.</summary>
    public required string? Stopped { get; init; }

    /// <summary>Drivers that are known of, in order.</summary>
    public required IReadOnlyList<string> Drivers { get; init; }

    /// <summary>Whether there is nothing to complain about.</summary>
    public bool IsClean => FindingCount == 0 && !(LeaksAreFindings && Leaks.Count != 0);

    /// <summary>DMA events in all.</summary>
    public long EventCount => Events.Sum(static entry => entry.Count);
}
