// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>What a new array shall be.</summary>
public sealed record RaidOptions
{
    /// <summary>Its name, at most 32 bytes of UTF-8.</summary>
    public required string Name { get; init; }

    /// <summary>What tells it from every other array.</summary>
    public required Guid Id { get; init; }

    /// <summary>The level.</summary>
    public required RaidLevel Level { get; init; }

    /// <summary>Bytes of a chunk, a power of two from 4 KiB.</summary>
    public uint ChunkBytes { get; init; } = 64 << 10;

    /// <summary>Copies that RAID-10 keeps.</summary>
    public int Copies { get; init; } = 2;

    /// <summary>Whether members that belong to another array are taken from it.</summary>
    public bool Overwrite { get; init; }

    /// <summary>Whether all members are known to read as zeros, so that copies and parity agree already. Otherwise <see cref="RaidArray.ResyncStep"/> makes them agree.</summary>
    public bool AssumeZeroed { get; init; }

    /// <summary>Rows that parity arrays work on at the same time, and entries of their journal: 1 to 64.</summary>
    public int StripeSlots { get; init; } = 8;
}
