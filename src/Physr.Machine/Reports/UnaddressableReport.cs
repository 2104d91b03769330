// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Reports;

/// <summary>What it took to let a GPU work on a process's memory, with GPU memory that the CPU cannot address. Pages are of 4 KiB.</summary>
public sealed record UnaddressableReport
{
    /// <summary><c>offsetSpace</c> or <c>physicalRange</c>.</summary>
    public required string Numbering { get; init; }

    /// <summary>Faults of the CPU on pages that were in the GPU's memory.</summary>
    public long CpuFaults { get; init; }

    /// <summary>Pages that the GPU faulted on, each counted once in a batch.</summary>
    public ulong DeviceFaults { get; init; }

    /// <summary>Records of faults that the GPU wrote: one for each access that stood still.</summary>
    public ulong FaultRecords { get; init; }

    /// <summary>Times that the GPU was told to try again.</summary>
    public ulong Replays { get; init; }

    /// <summary>Invalidations of what the GPU had cached of its page tables.</summary>
    public ulong Invalidations { get; init; }

    /// <summary>Pages that went into the GPU's memory.</summary>
    public long ToDevice { get; init; }

    /// <summary>Pages that came back, the evicted ones among them.</summary>
    public long ToRam { get; init; }

    /// <summary>Pages that came back to make room.</summary>
    public long Evictions { get; init; }

    /// <summary>Pages in RAM that the GPU reached over the bus.</summary>
    public long MappedInRam { get; init; }

    /// <summary>Times that the GPU got a page in RAM to itself, for atomic operations.</summary>
    public long Exclusive { get; init; }

    /// <summary>Bytes moved by the GPU's copy engine.</summary>
    public ulong MigratedBytes { get; init; }

    /// <summary>Faults of both, over the route's simulated time.</summary>
    public double FaultsPerSecond { get; init; }

    /// <summary>Bytes moved, over the simulated time that moving took.</summary>
    public double MigrationBytesPerSecond { get; init; }

    /// <summary>Pins that were not taken off.</summary>
    public long PinnedLeaks { get; init; }

    /// <summary>RAM that was added meanwhile; null where none was.</summary>
    public HotplugReport? Hotplug { get; init; }

    /// <summary>The process's memory before, during and after.</summary>
    public IReadOnlyList<MemoryMoment> Moments { get; init; } = [];
}
