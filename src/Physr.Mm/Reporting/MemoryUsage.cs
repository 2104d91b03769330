// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Reporting;

/// <summary>What a part of a process's memory uses, in bytes (the lines of <c>smaps</c>).</summary>
public sealed record MemoryUsage
{
    /// <summary>Fractions of a byte that proportional shares are counted in.</summary>
    internal const int PssShift = 12;

    /// <summary>Pages in memory, those with a device included (row R26a).</summary>
    public ulong Rss { get; internal set; }

    /// <summary>The process's share: each page divided by how many map it.</summary>
    public ulong Pss => PssFine >> PssShift;

    /// <summary>The share of dirty pages.</summary>
    public ulong PssDirty => PssDirtyFine >> PssShift;

    /// <summary>Clean pages that others map too.</summary>
    public ulong SharedClean { get; internal set; }

    /// <summary>Dirty pages that others map too.</summary>
    public ulong SharedDirty { get; internal set; }

    /// <summary>Clean pages that nobody else maps.</summary>
    public ulong PrivateClean { get; internal set; }

    /// <summary>Dirty pages that nobody else maps.</summary>
    public ulong PrivateDirty { get; internal set; }

    /// <summary>Pages used since they were last aged.</summary>
    public ulong Referenced { get; internal set; }

    /// <summary>Pages that belong to no file.</summary>
    public ulong Anonymous { get; internal set; }

    /// <summary>Pages that may go as long as nobody writes them.</summary>
    public ulong LazyFree { get; internal set; }

    /// <summary>Anonymous memory mapped by 2 MiB.</summary>
    public ulong AnonHugePages { get; internal set; }

    /// <summary>Memory in swap areas.</summary>
    public ulong Swap { get; internal set; }

    /// <summary>The process's share of that.</summary>
    public ulong SwapPss => SwapPssFine >> PssShift;

    /// <summary>The share of pages that stay in RAM.</summary>
    public ulong Locked => LockedFine >> PssShift;

    internal ulong PssFine { get; set; }

    internal ulong PssDirtyFine { get; set; }

    internal ulong SwapPssFine { get; set; }

    internal ulong LockedFine { get; set; }

    /// <summary>Adds another part's.</summary>
    internal void Add(MemoryUsage other)
    {
        Rss += other.Rss;
        PssFine += other.PssFine;
        PssDirtyFine += other.PssDirtyFine;
        SharedClean += other.SharedClean;
        SharedDirty += other.SharedDirty;
        PrivateClean += other.PrivateClean;
        PrivateDirty += other.PrivateDirty;
        Referenced += other.Referenced;
        Anonymous += other.Anonymous;
        LazyFree += other.LazyFree;
        AnonHugePages += other.AnonHugePages;
        Swap += other.Swap;
        SwapPssFine += other.SwapPssFine;
        LockedFine += other.LockedFine;
    }
}
