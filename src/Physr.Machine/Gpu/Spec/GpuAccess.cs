// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Spec;

/// <summary>What an engine wants to do at a virtual address. Each kind needs all that the kinds before it need.</summary>
public enum GpuAccess : byte
{
    /// <summary>Reads.</summary>
    Read = 0,

    /// <summary>Writes, or reads and writes.</summary>
    Write = 1,

    /// <summary>Reads, changes and writes as one step that no other may come between.</summary>
    Atomic = 2,
}
