// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme.Spec;

/// <summary>The CAP property (NVMe Base Specification 2.0, section 3.1.3.1).</summary>
/// <param name="Value">The raw 64 bits.</param>
public readonly record struct ControllerCapabilities(ulong Value)
{
    /// <summary>MQES: entries in the largest I/O queue (1-based here, 0-based in the register).</summary>
    public int MaxQueueEntries => (int)(Value & 0xFFFF) + 1;

    /// <summary>CQR: queues must be physically contiguous.</summary>
    public bool RequiresContiguousQueues => (Value >> 16 & 1) != 0;

    /// <summary>TO: how long CSTS.RDY may take to follow CC.EN, in units of 500 ms.</summary>
    public int TimeoutHalfSeconds => (int)(Value >> 24 & 0xFF);

    /// <summary>DSTRD: bytes between doorbells (4 at least).</summary>
    public int DoorbellStride => 4 << (int)(Value >> 32 & 0xF);

    /// <summary>CSS bit 0: the NVM command set is there.</summary>
    public bool HasNvmCommandSet => (Value >> 37 & 1) != 0;

    /// <summary>MPSMIN: the smallest host page, in bytes.</summary>
    public ulong MinPageSize => 1UL << (12 + (int)(Value >> 48 & 0xF));

    /// <summary>MPSMAX: the largest host page, in bytes.</summary>
    public ulong MaxPageSize => 1UL << (12 + (int)(Value >> 52 & 0xF));

    /// <summary>CMBS: a controller memory buffer is there, behind CMBMSC.CRE.</summary>
    public bool HasMemoryBuffer => (Value >> 57 & 1) != 0;

    /// <summary>Puts a register together: contiguous queues, NVM command set, 4 KiB smallest page, ready with media (CRMS = 1).</summary>
    internal static ControllerCapabilities Create(int maxQueueEntries, int timeoutHalfSeconds, int maxPageShift, bool hasMemoryBuffer) => new(
        (ulong)(maxQueueEntries - 1)
        | 1UL << 16
        | (ulong)timeoutHalfSeconds << 24
        | 1UL << 37
        | (ulong)(maxPageShift - 12) << 52
        | (hasMemoryBuffer ? 1UL << 57 : 0)
        | 1UL << 59);
}
