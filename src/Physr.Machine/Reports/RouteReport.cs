// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Reports;

/// <summary>What one route did and cost.</summary>
public sealed record RouteReport
{
    /// <summary>The route.</summary>
    public required string Name { get; init; }

    /// <summary><c>busAddress</c>, <c>throughHostBridge</c>, <c>notSupported</c> or <c>bounce</c>; of a process's memory, <c>migrate</c> or <c>mapSystem</c>.</summary>
    public required string Verdict { get; init; }

    /// <summary>Why, one sentence each; a fall-back to bounce is always among them.</summary>
    public required IReadOnlyList<string> Reasons { get; init; }

    /// <summary>Whether the bytes went through RAM because the route was refused.</summary>
    public bool FellBack { get; init; }

    /// <summary>The memory that staged the bytes, as <c>nvme1 BAR 4</c> or <c>ram</c>.</summary>
    public required string Provider { get; init; }

    /// <summary>The user's bytes that arrived; all that were asked for, where the route is verified.</summary>
    public ulong PayloadBytes { get; init; }

    /// <summary>Payload bytes written to and read from DRAM.</summary>
    public ulong DramBytes { get; init; }

    /// <summary>Queue entries and lists written to and read from DRAM, and table entries that an IOMMU read.</summary>
    public ulong DramControlBytes { get; init; }

    /// <summary>Each direction of each link, idle ones too.</summary>
    public IReadOnlyList<LinkBytes> Links { get; init; } = [];

    /// <summary>Entries of the range lists that described the staging memory.</summary>
    public int RangeEntries { get; init; }

    /// <summary>Bytes of those lists.</summary>
    public ulong RangeBytes { get; init; }

    /// <summary>Page descriptors made for the staging memory.</summary>
    public ulong PageDescriptors { get; init; }

    /// <summary>Bytes of those descriptors.</summary>
    public ulong DescriptorBytes { get; init; }

    /// <summary>Simulated time from the first doorbell to the last completion, in seconds.</summary>
    public double EstimatedSeconds { get; init; }

    /// <summary>The resource that was busy longest: a link's direction, DRAM, a device's media or the network.</summary>
    public required string Bottleneck { get; init; }

    /// <summary>Real time the route took, in seconds; the only member that differs between runs of one seed.</summary>
    public double WallSeconds { get; init; }

    /// <summary>Digest over the destinations of all transfers in order, lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Whether every destination byte is right.</summary>
    public bool Verified { get; init; }

    /// <summary>How many things were not given back.</summary>
    public int Leaks => Leaked.Count;

    /// <summary>What was not given back, by name: mappings, pool memory, provider uses, host memory, regions, commands.</summary>
    public IReadOnlyList<string> Leaked { get; init; } = [];

    /// <summary>What the IOMMU did; null on a host without one.</summary>
    public IommuReport? Iommu { get; init; }

    /// <summary>Bytes copied into and out of bounce buffers, for devices that could not reach them; null where no device had to.</summary>
    public ulong? BounceBytes { get; init; }

    /// <summary>What became of slices that were lent; null where a scenario lends none.</summary>
    public SlicesReport? Slices { get; init; }

    /// <summary>What became of a file on an array of persistent memory; null where a scenario has none.</summary>
    public StorageReport? Storage { get; init; }

    /// <summary>What it took to let a GPU work on a process's memory; null where a scenario has no such process.</summary>
    public UnaddressableReport? Unaddressable { get; init; }

    /// <summary>Each transfer.</summary>
    public IReadOnlyList<TransferReport> Transfers { get; init; } = [];
}
