// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>How a member stands in its array.</summary>
public enum RaidMemberState
{
    /// <summary>Nothing is there.</summary>
    Missing = 0,

    /// <summary>It holds what it should.</summary>
    InSync,

    /// <summary>It is being filled from the others: up to some offset it holds what it should.</summary>
    Rebuilding,

    /// <summary>It failed, or holds old data: it is not used.</summary>
    Failed,
}
