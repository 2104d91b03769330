// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Dma.Iova;

/// <summary>How an <see cref="IovaAllocator"/> keeps runs that came back.</summary>
public sealed record IovaAllocatorOptions
{
    /// <summary>How many sizes are kept in magazines: 1, 2, 4, ... granules, and a run of a kept size is rounded up to it. 10 reaches 2 MiB in granules of 4 KiB; the
    /// kernel's 6 reaches 128 KiB (row R67c). 0 keeps and rounds none; at most 20.</summary>
    public int CachedOrders { get; init; } = 10;

    /// <summary>How many threads may have magazines of their own; further ones share a set under the allocator's lock. A set takes at most 2 KiB for each size in use,
    /// and the runs in it.</summary>
    public int MaxThreadCaches { get; init; } = Math.Max(32, 4 * Environment.ProcessorCount);

    /// <summary>Whether every run handed out is written down, so that <see cref="IovaAllocator.Free"/> notices whatever was not handed out, was freed before or had
    /// another length. It costs a lock and a table, and is meant for tests and for users that are not trusted. Without it, only what lies outside the space or breaks the alignment
    /// is noticed at once, and a second free when the run returns to the tree.</summary>
    public bool IsChecked { get; init; }

    /// <summary>Asked before every growth: <c>iova nodes</c>, <c>iova stripe</c>, <c>iova magazine</c>, <c>iova reserved ranges</c>, <c>iova checked runs</c> (row R91). Null lets
    /// all pass.</summary>
    public IAllocationGate? AllocationGate { get; init; }
}
