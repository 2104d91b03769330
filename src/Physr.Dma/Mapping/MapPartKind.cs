// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Mapping;

/// <summary>How a part of a list is reached.</summary>
internal enum MapPartKind
{
    /// <summary>RAM.</summary>
    Ram,

    /// <summary>A peer's memory, by the path that RAM takes; it never bounces.</summary>
    HostBridge,

    /// <summary>A peer's memory, by its bus address.</summary>
    BusAddress,

    /// <summary>Another device's memory, over an interconnect of their own.</summary>
    Interconnect,
}
