// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>How an array spreads its bytes over members. The numbers are the ones users know.</summary>
public enum RaidLevel
{
    /// <summary>Chunks in turn on all members, one copy of each.</summary>
    Raid0 = 0,

    /// <summary>A copy of everything on each member.</summary>
    Raid1 = 1,

    /// <summary>Chunks in turn, and for each row one chunk of parity (P); survives one member.</summary>
    Raid5 = 5,

    /// <summary>Chunks in turn, and for each row two chunks of parity (P and Q); survives any two members.</summary>
    Raid6 = 6,

    /// <summary>Chunks in turn, several copies of each on neighbouring members ("near" layout).</summary>
    Raid10 = 10,
}
