// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Reports;

/// <summary>A process's memory at one moment of a route.</summary>
/// <param name="Name"><c>before</c> the GPU began, <c>during</c>: when it was done and its memory full, <c>after</c> the CPU had read everything.</param>
/// <param name="Areas">What each area used.</param>
public sealed record MemoryMoment(string Name, IReadOnlyList<AreaUsage> Areas)
{
    /// <summary>Pages of 4 KiB that were in the GPU's memory.</summary>
    public long DevicePages { get; init; }

    /// <summary><c>/proc/PID/maps</c>; null where it was not kept.</summary>
    public string? Maps { get; init; }

    /// <summary><c>/proc/PID/smaps</c>; null where it was not kept.</summary>
    public string? Smaps { get; init; }

    /// <summary>The words of <c>/proc/PID/pagemap</c>, as <see cref="Mm.Reporting.PagemapText"/> writes them; null where they were not kept.</summary>
    public string? Pagemap { get; init; }
}
