// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Mapping;

/// <summary>Which form of the API holds a run of IO virtual addresses.</summary>
internal enum MappingKind
{
    /// <summary>None: the addresses are free, or nobody's yet.</summary>
    None = 0,

    /// <summary>A streaming mapping.</summary>
    Streaming = 1,

    /// <summary>A reservation of the two-step form.</summary>
    Reservation = 2,

    /// <summary>A list mapped in one call, or coherent memory: undone by disposing it.</summary>
    Owned = 3,
}
