// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Rdma.Spec;

/// <summary>Fixed limits of the hardware interface.</summary>
public static class RdmaLimits
{
    /// <summary>Bytes of a work request.</summary>
    public const int WorkRequestSize = 64;

    /// <summary>Bytes of a completion.</summary>
    public const int CompletionSize = 32;

    /// <summary>Bytes of a command.</summary>
    public const int CommandSize = 64;

    /// <summary>Bytes of a response.</summary>
    public const int ResponseSize = 32;

    /// <summary>The largest ring of work requests or completions, as a logarithm.</summary>
    public const int MaxRingLog2 = 14;

    /// <summary>The largest command ring, as a logarithm.</summary>
    public const int MaxCommandRingLog2 = 10;

    /// <summary>Bits of a queue pair's number that are its index; the rest is a generation, so that a packet for a destroyed pair finds nobody.</summary>
    public const int QueueIndexBits = 8;

    /// <summary>Most queue pairs and completion queues a device can have.</summary>
    public const int MaxQueues = 1 << QueueIndexBits;

    /// <summary>Bits of a key that are its generation; the rest is the region's index (as <c>lkey</c> and <c>rkey</c> in verbs).</summary>
    public const int KeyGenerationBits = 8;

    /// <summary>The longest message in bytes (InfiniBand, section 9.7.8: 2^31).</summary>
    public const uint MaxMessageSize = 1U << 31;

    /// <summary>The smallest block of a memory region, as a logarithm.</summary>
    public const int MinBlockShift = 12;

    /// <summary>The largest block of a memory region, as a logarithm.</summary>
    public const int MaxBlockShift = 30;

    /// <summary>All block sizes, one bit each: 4 KiB to 1 GiB (row R63a).</summary>
    public const ulong BlockSizes = (1UL << (MaxBlockShift + 1)) - (1UL << MinBlockShift);

    /// <summary>Most blocks in one region: 64 GiB of 4 KiB blocks.</summary>
    public const uint MaxBlocks = 1U << 24;

    /// <summary>Messages of one queue pair that may wait for the other end at once.</summary>
    public const int MaxOutstanding = 16;
}
