// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>How an array stands.</summary>
public enum RaidState
{
    /// <summary>All members are in sync.</summary>
    Healthy = 0,

    /// <summary>Members are lost or being rebuilt; every byte is still there.</summary>
    Degraded,

    /// <summary>More members are lost than the level bears. Writes are refused; what is left can be read.</summary>
    Failed,
}
