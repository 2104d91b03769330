// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging;

/// <summary>How a region is made.</summary>
public sealed record RegionOptions
{
    /// <summary>How its pages come.</summary>
    public RegionMode Mode { get; init; }

    /// <summary>Who serves its faults; null: <see cref="PagerHost.Default"/>.</summary>
    public PagerHost? Pager { get; init; }

    /// <summary>What messages and measurements call it.</summary>
    public string Name { get; init; } = "region";
}
