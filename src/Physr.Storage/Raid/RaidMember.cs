// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>A place in an array, and the device in it.</summary>
public sealed class RaidMember
{
    internal RaidMember(int role, BlockDevice? device)
    {
        Role = role;
        Device = device;
    }

    /// <summary>Its number in the array, from 0.</summary>
    public int Role { get; }

    /// <summary>The device; null where nothing is there.</summary>
    public BlockDevice? Device { get; internal set; }

    /// <summary>How it stands.</summary>
    public RaidMemberState State { get; internal set; }

    /// <summary>While it is being rebuilt: bytes of its data that hold what they should, from the first on.</summary>
    public ulong SyncedBytes { get; internal set; }

    /// <summary>Reads that failed, were answered by other members, and were mended here.</summary>
    public long Corrected { get; internal set; }

    /// <summary>Reads that failed.</summary>
    public long ReadErrors { get; internal set; }

    /// <summary>Bytes that are there and not used, because another member is smaller or a chunk does not fit.</summary>
    public ulong WastedBytes { get; internal set; }

    /// <summary>Why it is not used; empty where it is.</summary>
    public string Reason { get; internal set; } = "";

    /// <summary>Which of the devices that were ever at this place it is.</summary>
    internal ulong Serial { get; set; }

    /// <summary>Whether writes go to it.</summary>
    internal bool IsWritable => State is RaidMemberState.InSync or RaidMemberState.Rebuilding;

    /// <summary>The device's name, or that nothing is there.</summary>
    public string Name => Device?.Name ?? "nothing";

    /// <summary>Whether bytes of its data hold what they should.</summary>
    internal bool Holds(ulong offset, ulong length) => State == RaidMemberState.InSync || (State == RaidMemberState.Rebuilding && offset + length <= SyncedBytes);

    /// <summary>The role, the device and the state.</summary>
    public override string ToString() => $"member {Role} ({Name}): {State}";
}
