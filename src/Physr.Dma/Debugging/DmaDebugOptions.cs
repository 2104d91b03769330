// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Dma.Debugging;

/// <summary>How a debugger works. The defaults are the kernel's (section 4.9).</summary>
public sealed record DmaDebugOptions
{
    /// <summary>Entries taken at the start.</summary>
    public int InitialEntries { get; init; } = 65536;

    /// <summary>Most entries it may grow to; 0 is no bound. One that needs more disables itself, as the kernel's does.</summary>
    public int MaxEntries { get; init; }

    /// <summary>How many mistakes are reported before it falls silent and only counts (<c>num_errors</c>).</summary>
    public int NumErrors { get; init; } = 1;

    /// <summary>Whether every mistake is reported (<c>all_errors</c>).</summary>
    public bool AllErrors { get; init; }

    /// <summary>Only mistakes of this driver are reported (<c>dma_debug_driver</c>); null is everybody's. Events of others are followed all the same.</summary>
    public string? DriverFilter { get; init; }

    /// <summary>Whether a map that nobody asks about is a mistake when it ends (class 9). Off where the source of the events does not tell of such questions.</summary>
    public bool RequiresErrorChecks { get; init; } = true;

    /// <summary>Whether every mapping was seen from the beginning. Otherwise a free of something unknown is an uncertain report, not a mistake.</summary>
    public bool HistoryIsComplete { get; init; } = true;

    /// <summary>The attributes that have to be the same at map and unmap (class 10): those that decide how a mapping is undone. Drivers differ in the others on purpose, as in
    /// skipping the copy at the end of what they synchronized themselves.</summary>
    public DmaAttributes ComparedAttributes { get; init; } =
        DmaAttributes.Mmio | DmaAttributes.ConfidentialShared | DmaAttributes.NoKernelMapping | DmaAttributes.ForceContiguous | DmaAttributes.WriteCombine;

    /// <summary>Bytes of a CPU cache line, a power of two; 0 does not look for lines that mappings share (class 24).</summary>
    public int CachelineBytes { get; init; } = 64;

    /// <summary>How many unmapped ranges are remembered, so that a late access can be told from a wild one.</summary>
    public int RememberedUnmaps { get; init; } = 1024;

    /// <summary>Says what kind of memory is mapped (classes 11, 12, 21 to 23, 25); null does not look.</summary>
    public IDmaMemoryClassifier? Classifier { get; init; }

    /// <summary>Asked before every growth; null lets all pass (row R91).</summary>
    public IAllocationGate? AllocationGate { get; init; }

    /// <summary>Told of every event, in order, before it is checked; null records nothing.</summary>
    public IDmaDebugRecorder? Recorder { get; init; }

    /// <summary>What an event is called in reports.</summary>
    internal string EventWord { get; init; } = "event";

    /// <summary>Told when the debugger disables itself.</summary>
    public Action<string>? Warn { get; init; }
}
