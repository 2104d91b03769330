// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Control;

/// <summary>What the pager counts of a region, each in 8 bytes at <see cref="ControlLayout.CountersAt"/>. They go on when another pager takes over.</summary>
internal enum RegionCounter
{
    /// <summary>Faults on pages that were not in the window.</summary>
    MissingFaults,

    /// <summary>Faults on pages that were in the window and not in the page table.</summary>
    MinorFaults,

    /// <summary>Writes to pages that were clean.</summary>
    WriteFaults,

    /// <summary>Pages that a lease waited for.</summary>
    LeaseFills,

    /// <summary>Pages that were brought in round a fault or ahead of it.</summary>
    Prefetched,

    /// <summary>Pages that left the window.</summary>
    Evictions,

    /// <summary>Those of them that were clean and went without a write.</summary>
    CleanEvictions,

    /// <summary>Bytes from the store into the window.</summary>
    BytesIn,

    /// <summary>Bytes from the window to the store.</summary>
    BytesOut,

    /// <summary>Pages that could not be filled.</summary>
    Poisonings,

    /// <summary>Writes to the store that failed.</summary>
    WriteFailures,

    /// <summary>Faults that were served although the budget was used up and nothing could leave.</summary>
    Overcommits,

    /// <summary>Events that another handler had served before.</summary>
    Spurious,

    /// <summary>Pages whose bytes were written back while they stayed.</summary>
    Persisted,
}
