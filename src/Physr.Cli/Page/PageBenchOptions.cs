// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Cli.Page;

/// <summary>What <c>physr page bench</c> was asked.</summary>
internal sealed record PageBenchOptions
{
    /// <summary>Bytes of the region.</summary>
    public required ulong Size { get; init; }

    /// <summary>Bytes that may be resident.</summary>
    public required ulong Resident { get; init; }

    /// <summary>Where pages live: <c>memory</c>, <c>lz4</c>, <c>zstd</c> or <c>file:PATH</c>.</summary>
    public required string Store { get; init; }

    /// <summary>Which page comes next.</summary>
    public PagePattern Pattern { get; init; } = PagePattern.Random;

    /// <summary>Threads that touch pages, each its own.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>How long they do.</summary>
    public double Seconds { get; init; } = 10;

    /// <summary>How many of the touches are writes: 0 to 1.</summary>
    public double WriteRatio { get; init; } = 0.3;

    /// <summary>Whether each touch is made under a lease.</summary>
    public bool Leases { get; init; }

    /// <summary>How often the pager that serves is killed, in milliseconds; 0: never.</summary>
    public int KillMilliseconds { get; init; }

    /// <summary>What chance follows from.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Whether a file that is there may be overwritten.</summary>
    public bool Overwrites { get; init; }

    /// <summary>JSON instead of text.</summary>
    public bool IsJson { get; init; }
}
