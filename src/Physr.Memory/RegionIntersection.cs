// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>How a range lies to the resources of one kind (the kernel's <c>region_intersects</c>, row R18).</summary>
public enum RegionIntersection
{
    /// <summary>It touches that kind and nothing else; holes between resources do not count as something else.</summary>
    Intersects = 0,

    /// <summary>It touches none of that kind.</summary>
    Disjoint = 1,

    /// <summary>It touches that kind and something else too.</summary>
    Mixed = 2,
}
