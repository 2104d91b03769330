// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Btt;

/// <summary>What a new translation table is to be.</summary>
public sealed record BttOptions
{
    /// <summary>The sector, in bytes: 512 or 4096.</summary>
    public uint SectorBytes { get; init; } = 4096;

    /// <summary>Its identity; empty makes one.</summary>
    public Guid Uuid { get; init; }

    /// <summary>The namespace it lies in.</summary>
    public Guid ParentUuid { get; init; }

    /// <summary>Most bytes of one arena: 512 GiB as published, less to have several on little memory.</summary>
    public ulong ArenaBytes { get; init; } = BttLayout.MostArenaBytes;
}
