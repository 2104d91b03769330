// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Checking;

/// <summary>What an importer of the model is at.</summary>
internal enum ModelPlace
{
    /// <summary>It has no mapping.</summary>
    Idle = 0,

    /// <summary>It holds the reservation lock and maps.</summary>
    Mapping,

    /// <summary>It has a mapping, as far as it knows.</summary>
    Mapped,

    /// <summary>It holds the reservation lock to start a transfer.</summary>
    Starting,

    /// <summary>It holds the reservation lock and unmaps.</summary>
    Unmapping,
}
