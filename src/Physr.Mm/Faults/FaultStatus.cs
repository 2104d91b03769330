// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>How the handling of one fault ended.</summary>
internal enum FaultStatus
{
    /// <summary>The access can be tried again, and should succeed.</summary>
    Done = 0,

    /// <summary>Somebody is at it: try again after a while.</summary>
    Retry,

    /// <summary>A driver said that it served the fault, and did not.</summary>
    Fruitless,

    /// <summary>User space has to serve it, without the lock.</summary>
    UserFault,

    /// <summary>No huge page: go on with small ones.</summary>
    Fallback,

    /// <summary>No memory.</summary>
    OutOfMemory,

    /// <summary>The bytes cannot be had.</summary>
    BusError,

    /// <summary>The hardware lost them.</summary>
    Poisoned,

    /// <summary>Nothing is mapped, or a guard is.</summary>
    MapError,

    /// <summary>The area does not allow it.</summary>
    AccessError,
}
