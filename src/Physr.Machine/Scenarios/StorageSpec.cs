// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios;

/// <summary>A file on an array of persistent memory that devices read, processes map, and a lost member does not hurt.</summary>
public sealed record StorageSpec
{
    /// <summary>The cards that are the array's members.</summary>
    public required IReadOnlyList<string> Members { get; init; }

    /// <summary>The card that takes a lost member's place; null where no route loses one.</summary>
    public string? Spare { get; init; }

    /// <summary>Bytes of the file.</summary>
    public ulong FileBytes { get; init; }

    /// <summary>To how many bytes it is cut while a device reads it.</summary>
    public ulong CutBytes { get; init; }

    /// <summary>The namespace that it is read into.</summary>
    public required string Drive { get; init; }

    /// <summary>The remote peer that it is sent to.</summary>
    public required string Initiator { get; init; }
}
