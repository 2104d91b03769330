// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging;

/// <summary>How a region is.</summary>
public enum RegionHealth
{
    /// <summary>All of its pages could be filled and written back so far.</summary>
    Healthy = 0,

    /// <summary>The store failed for some pages: those are poisoned, or stay resident because they cannot be written back. The rest goes on.</summary>
    Degraded = 1,

    /// <summary>Nobody serves it any more: the pager refused it or is gone for good.</summary>
    Failed = 2,
}
