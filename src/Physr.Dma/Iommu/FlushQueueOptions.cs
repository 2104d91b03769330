// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommu;

/// <summary>Bounds of a flush queue; the defaults are the kernel's.</summary>
public sealed record FlushQueueOptions
{
    /// <summary>Rings, so that processors do not wait for each other; rounded up to a power of two. 0 is one for each processor; 1 makes runs repeatable.</summary>
    public int Stripes { get; init; }

    /// <summary>Runs that wait in one ring before a flush is forced (<c>IOVA_DEFAULT_FQ_SIZE</c>).</summary>
    public int Entries { get; init; } = 256;

    /// <summary>The longest that a run waits, in nanoseconds (<c>IOVA_DEFAULT_FQ_TIMEOUT</c>: 10 ms), as far as <see cref="FlushQueue.Tick"/> is called.</summary>
    public ulong PeriodNanoseconds { get; init; } = 10_000_000;
}
