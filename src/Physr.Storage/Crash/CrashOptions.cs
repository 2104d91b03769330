// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Crash;

/// <summary>How thoroughly <see cref="CrashStates"/> looks.</summary>
public sealed record CrashOptions
{
    /// <summary>Of the choices that are made by chance.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>How many states of one cut are looked at one by one; where more are possible, some are chosen.</summary>
    public int MostStates { get; init; } = 256;

    /// <summary>How many states are chosen by chance where not every one is looked at, beside the plain ones: before a fence, at a fence and at a mark.</summary>
    public int Samples { get; init; } = 8;

    /// <summary>The same after a store that more stores follow before the next fence. What can survive there can survive at the last of them too.</summary>
    public int SamplesPerStore { get; init; } = 1;

    /// <summary>Looks after each Nth store only, and at every fence and mark; 1 looks everywhere.</summary>
    public int Stride { get; init; } = 1;

    /// <summary>Looks at every state of every cut, even where the cut before had it under the same marks. Slower, and finds nothing more.</summary>
    public bool ShowsKnownStates { get; init; }

    /// <summary>Cuts the recovery of each Nth state too, and recovers from that; 0 never.</summary>
    public int NestEvery { get; init; }
}
