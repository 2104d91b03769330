// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>How an access of the CPU ended.</summary>
public enum AccessOutcome
{
    /// <summary>The bytes were read or written.</summary>
    Done = 0,

    /// <summary>Nothing is mapped there, or a guard is: SIGSEGV with <c>SEGV_MAPERR</c>.</summary>
    MapError,

    /// <summary>The area does not allow it: SIGSEGV with <c>SEGV_ACCERR</c>.</summary>
    AccessError,

    /// <summary>Beyond the end of the file, or the bytes cannot be had: SIGBUS with <c>BUS_ADRERR</c>.</summary>
    BusError,

    /// <summary>The hardware lost the bytes: SIGBUS with <c>BUS_MCEERR_AR</c>.</summary>
    Poisoned,

    /// <summary>There is no memory; a real process would be killed.</summary>
    OutOfMemory,
}
