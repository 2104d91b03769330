// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Spec;

/// <summary>How a compute command ended. A command that failed holds up none after it: each names its own context.</summary>
public enum GpuComputeStatus : ushort
{
    /// <summary>Done.</summary>
    Success = 0,

    /// <summary>Unknown opcode, misaligned words, an overlapping copy, or too long a node. Nothing was done.</summary>
    InvalidCommand = 1,

    /// <summary>Virtual addresses beyond 48 bits. Nothing was done.</summary>
    OutOfRange = 2,

    /// <summary>A bus transaction failed; the completion holds the <see cref="Bus.BusStatus"/> and the virtual address.</summary>
    BusError = 3,

    /// <summary>The driver gave a fault up; the completion holds its virtual address.</summary>
    FaultCancelled = 4,

    /// <summary>A page-table entry has reserved bits set or leads out of the GPU's memory; the completion holds the virtual address.</summary>
    BadPageTable = 5,

    /// <summary>The context has no root table.</summary>
    NoContext = 6,

    /// <summary>An access faulted, and there is no fault ring to report it on; the completion holds the virtual address.</summary>
    UnreportedFault = 7,

    /// <summary>The list goes on after as many nodes as it may have; the completion holds the address of the next one.</summary>
    ListTooLong = 8,

    /// <summary>A node's next is misaligned or beyond 48 bits; the completion holds it.</summary>
    BadPointer = 9,
}
