// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Reports;

/// <summary>What became of a file on an array of persistent memory.</summary>
public sealed record StorageReport
{
    /// <summary>The level: 0, 1, 5, 6 or 10.</summary>
    public int Level { get; init; }

    /// <summary>Members.</summary>
    public int Members { get; init; }

    /// <summary>Bytes that the array holds.</summary>
    public ulong ArrayBytes { get; init; }

    /// <summary>Page descriptors at the end of each stage.</summary>
    public IReadOnlyList<StageDescriptors> DescriptorsByStage { get; init; } = [];

    /// <summary>Bytes written to members that took a lost one's place.</summary>
    public ulong RebuiltBytes { get; init; }

    /// <summary>Stripes whose copies or parity did not agree at the end.</summary>
    public int Mismatches { get; init; }

    /// <summary>What stood behind durability: <c>memory</c> of the run, <c>msync</c> or <c>mapSync</c> of files.</summary>
    public required string Persistence { get; init; }

    /// <summary>What an earlier run left in files: <c>nothing</c>, or <c>consistent</c>.</summary>
    public required string Found { get; init; }

    /// <summary>Files that an earlier run left, all of them whole.</summary>
    public int FoundFiles { get; init; }
}
