// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>What each member says of its array: a block of 4 KiB, twice at the start of the member, the second written when the first is on every member.</summary>
internal sealed partial class RaidSuperblock
{
    /// <summary>What tells the array from others.</summary>
    public required Guid Id { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Where its bytes are.</summary>
    public required RaidGeometry Geometry { get; init; }

    /// <summary>Where things are on a member.</summary>
    public required RaidLayout Layout { get; init; }

    /// <summary>Entries of the journal that were asked for.</summary>
    public required int Slots { get; init; }

    /// <summary>Counts changes of this block.</summary>
    public ulong Event { get; set; }

    /// <summary>Whether the array was stopped: nothing was under way.</summary>
    public bool IsClean { get; set; }

    /// <summary>Parity agrees with the data below this offset of each member; <see cref="ulong.MaxValue"/> once it does everywhere.</summary>
    public ulong ResyncedBytes { get; set; } = ulong.MaxValue;

    /// <summary>The number the next device gets.</summary>
    public ulong NextSerial { get; set; }

    /// <summary>The role of the member it was read from.</summary>
    public int Role { get; init; }

    /// <summary>What it knows of all members, by role.</summary>
    public required Entry[] Members { get; init; }

    /// <summary>One member.</summary>
    /// <param name="Serial">Which device; 0 is none.</param>
    /// <param name="Sectors">Its size when it was taken in.</param>
    /// <param name="SyncedBytes">How far it was rebuilt.</param>
    /// <param name="State">How it stands.</param>
    public readonly record struct Entry(ulong Serial, ulong Sectors, ulong SyncedBytes, RaidMemberState State);
}
