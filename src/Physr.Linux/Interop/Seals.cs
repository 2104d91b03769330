// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What can be done to a file in memory no more, by anybody (<c>fcntl.h</c>).</summary>
[Flags]
internal enum Seals
{
    /// <summary>Further seals.</summary>
    F_SEAL_SEAL = 1,

    /// <summary>A shorter file.</summary>
    F_SEAL_SHRINK = 2,

    /// <summary>A longer file.</summary>
    F_SEAL_GROW = 4,

    /// <summary>Stores and writes.</summary>
    F_SEAL_WRITE = 8,

    /// <summary>Writes, and mappings for stores that are not there yet.</summary>
    F_SEAL_FUTURE_WRITE = 0x10,
}
