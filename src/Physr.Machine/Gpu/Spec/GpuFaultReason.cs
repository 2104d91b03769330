// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Spec;

/// <summary>Why an access could not be made, where a driver can mend it.</summary>
public enum GpuFaultReason : byte
{
    /// <summary>An entry on the way is not valid.</summary>
    NotPresent = 0,

    /// <summary>The entry may not be written.</summary>
    WriteProtected = 1,

    /// <summary>The entry may be written, but others may write too: no atomics.</summary>
    AtomicDenied = 2,
}
