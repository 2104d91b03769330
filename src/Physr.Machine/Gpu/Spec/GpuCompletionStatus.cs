// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Spec;

/// <summary>How a copy-engine command ended.</summary>
public enum GpuCompletionStatus : ushort
{
    /// <summary>Done.</summary>
    Success = 0,

    /// <summary>Unknown opcode, overlapping copy, or a misaligned semaphore.</summary>
    InvalidCommand = 1,

    /// <summary>Bytes outside the GPU's memory, or a bus address range that wraps.</summary>
    OutOfRange = 2,

    /// <summary>A bus transaction failed; the completion holds the <see cref="Bus.BusStatus"/>. Part of the destination may have been written.</summary>
    BusError = 3,

    /// <summary>An earlier command failed; this one was not tried.</summary>
    Aborted = 4,
}
