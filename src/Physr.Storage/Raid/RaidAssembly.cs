// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>How an array is put together from members.</summary>
public sealed record RaidAssembly
{
    /// <summary>Which array; null takes whichever the members belong to.</summary>
    public Guid? Id { get; init; }

    /// <summary>Whether it may start with members missing, stale or damaged: they count as lost from then on.</summary>
    public bool AllowDegraded { get; init; }

    /// <summary>What to do if it was not stopped.</summary>
    public RaidRecovery Recovery { get; init; }

    /// <summary>Whether member i of the list must have role i; otherwise any order will do.</summary>
    public bool RolesAsGiven { get; init; }
}
