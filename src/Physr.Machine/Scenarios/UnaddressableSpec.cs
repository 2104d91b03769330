// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios;

/// <summary>A process whose memory a GPU works on, with GPU memory that the CPU cannot address.</summary>
public sealed record UnaddressableSpec
{
    /// <summary>The GPU.</summary>
    public required string Gpu { get; init; }

    /// <summary>Nodes of the list that lies scattered over them.</summary>
    public int Nodes { get; init; }

    /// <summary>Numbers that CPU and GPU both count up, each in a page of its own.</summary>
    public int Counters { get; init; }

    /// <summary>How often the GPU counts all of them up.</summary>
    public int Rounds { get; init; }

    /// <summary>Whether the report keeps <c>maps</c>, <c>smaps</c> and <c>pagemap</c> of each moment as text.</summary>
    public bool KeepsDumps { get; init; }
}
