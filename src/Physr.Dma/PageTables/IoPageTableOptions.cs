// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Dma.PageTables;

/// <summary>How an <see cref="IoPageTable"/> is made. What is left out is the format's own.</summary>
public sealed record IoPageTableOptions
{
    /// <summary>Levels to begin with: AMD v1 1 to 6 (usually 3), VT-d second stage 3 to 5 (3), x86-64 4 or 5 (4).</summary>
    public int? StartingLevels { get; init; }

    /// <summary>Bits of the addresses to allow: AMD v1 up to 64, VT-d second stage up to 57, x86-64 up to 56 (the lower half of canonical addresses; 47 keep it at 4 levels).</summary>
    public int? MaxAddressBits { get; init; }

    /// <summary>The leaf sizes to use, a bit each; those that the format lacks are left out. The lowest is the granule.</summary>
    public ulong PageSizes { get; init; } = ulong.MaxValue;

    /// <summary>Whether devices' writes are tracked from the start.</summary>
    public bool TracksDirty { get; init; }

    /// <summary>How many table pages there may be: 16 Mi, which is 64 GiB of them, unless said otherwise. A map that needs more fails with <see cref="Errno.ENOMEM"/>.</summary>
    public long MaxTablePages { get; init; } = 1L << 24;

    /// <summary>Asked before each table page (site <c>IO page table</c>); null asks nobody.</summary>
    public IAllocationGate? Gate { get; init; }
}
