// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Rdma.Spec;

/// <summary>BAR 0 of the NIC: byte offsets and bits. The interface is Physr's own; its words are those of the InfiniBand Architecture Specification, volume 1.</summary>
/// <remarks>Registers are little-endian. An aligned 64-bit write is two 32-bit writes, the lower one first; other widths are ignored.</remarks>
public static class RdmaRegisters
{
    /// <summary>The BAR's bytes.</summary>
    public const ulong BarSize = 64 << 10;

    /// <summary>32 bits, read-only: major version in the upper half, minor in the lower.</summary>
    public const ulong Version = 0x00;

    /// <summary>32 bits: <see cref="ControlEnable"/>. A change from 1 to 0 resets the device.</summary>
    public const ulong Control = 0x08;

    /// <summary>32 bits, read-only: <see cref="StatusReady"/>, <see cref="StatusLinkUp"/>, <see cref="StatusFatal"/>.</summary>
    public const ulong Status = 0x0C;

    /// <summary>64 bits: where the command ring is, a multiple of 64; 64-byte entries.</summary>
    public const ulong CommandRing = 0x10;

    /// <summary>64 bits: where the response ring is, a multiple of 64; 32-byte entries, one for each command.</summary>
    public const ulong ResponseRing = 0x18;

    /// <summary>32 bits: the logarithm of the number of entries of both rings, 0 to <see cref="RdmaLimits.MaxCommandRingLog2"/>. Latched with the bases when
    /// <see cref="Control"/> enables the device.</summary>
    public const ulong CommandRingLog2 = 0x20;

    /// <summary>32 bits, read-only: queue pairs and completion queues the device has.</summary>
    public const ulong MaxQueues = 0x28;

    /// <summary>32 bits, read-only: memory regions the device has.</summary>
    public const ulong MaxRegions = 0x2C;

    /// <summary>64 bits, read-only: the block sizes that regions may have, one bit each (row R63a).</summary>
    public const ulong BlockSizes = 0x30;

    /// <summary>32 bits, read-only: most bytes in a SEND.</summary>
    public const ulong MaxSendSize = 0x38;

    /// <summary>32 bits, write-only: how many commands were ever placed on the ring, modulo 2^32.</summary>
    public const ulong CommandDoorbell = 0x40;

    /// <summary>Two 32-bit write-only doorbells for each queue pair, 8 bytes apart: send, then receive. Each takes the count of work requests ever placed,
    /// modulo 2^32.</summary>
    public const ulong QueuePairDoorbells = 0x1000;

    /// <summary>A 64-bit stride of write-only doorbells for each completion queue: at +0 the count of completions ever consumed, at +4 any value asks for an
    /// interrupt at the next completion.</summary>
    public const ulong CompletionQueueDoorbells = 0x8000;

    /// <summary>Version 1.0.</summary>
    public const uint Version10 = 0x0001_0000;

    /// <summary>The device works.</summary>
    public const uint ControlEnable = 1;

    /// <summary>The device is enabled and takes commands.</summary>
    public const uint StatusReady = 1;

    /// <summary>The network link is up.</summary>
    public const uint StatusLinkUp = 2;

    /// <summary>A queue could not be written or was misused: the report of an error was itself lost. Only a reset helps.</summary>
    public const uint StatusFatal = 4;
}
