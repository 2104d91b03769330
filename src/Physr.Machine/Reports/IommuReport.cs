// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Reports;

/// <summary>What a route's IOMMU did, over all its units and all devices.</summary>
public sealed record IommuReport
{
    /// <summary><c>strict</c>, <c>lazy</c> or <c>passthrough</c>.</summary>
    public required string Mode { get; init; }

    /// <summary>Bytes of IO virtual addresses in use at most, as they were rounded.</summary>
    public ulong IovaBytes { get; init; }

    /// <summary>Runs of IO virtual addresses in use at most.</summary>
    public ulong IovaRuns { get; init; }

    /// <summary>IOTLB flushes that unmapping asked for.</summary>
    public ulong Flushes { get; init; }

    /// <summary>Invalidation commands that the units did.</summary>
    public ulong Invalidations { get; init; }

    /// <summary>Accesses that the IOTLBs answered.</summary>
    public ulong IotlbHits { get; init; }

    /// <summary>Accesses that had to walk.</summary>
    public ulong IotlbMisses { get; init; }

    /// <summary>4 KiB pages of translation tables in use at most.</summary>
    public ulong TablePages { get; init; }

    /// <summary>Accesses that were refused.</summary>
    public ulong Faults { get; init; }
}
