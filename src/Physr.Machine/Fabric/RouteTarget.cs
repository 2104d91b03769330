// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Fabric;

/// <summary>What a request reached.</summary>
public enum RouteTarget
{
    /// <summary>Nothing claimed the address: Unsupported Request.</summary>
    None = 0,

    /// <summary>System RAM.</summary>
    Dram = 1,

    /// <summary>A device's BAR.</summary>
    Bar = 2,

    /// <summary>The interrupt range of the root complex.</summary>
    Interrupt = 3,

    /// <summary>Nothing: the IOMMU refused the access, and its fault log says why.</summary>
    Refused = 4,
}
