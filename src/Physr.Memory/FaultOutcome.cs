// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>How a CPU fault on device memory ended (the kernel's <c>vm_fault_t</c>).</summary>
public enum FaultOutcome
{
    /// <summary>Served; or somebody else changed the entry meanwhile, and the access is simply tried again.</summary>
    Served = 0,

    /// <summary>No memory.</summary>
    OutOfMemory = 1,

    /// <summary>The data cannot be had: SIGBUS.</summary>
    BusError = 2,

    /// <summary>Try the access again.</summary>
    Retry = 0x400,
}
