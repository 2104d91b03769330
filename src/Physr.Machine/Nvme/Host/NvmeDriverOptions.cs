// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;

namespace Physr.Machine.Nvme.Host;

/// <summary>How an <see cref="NvmeDriver"/> drives its controller; the controller's own limits apply on top.</summary>
public sealed record NvmeDriverOptions
{
    /// <summary>I/O queue pairs, at least 1.</summary>
    public int QueuePairs { get; init; } = 1;

    /// <summary>Commands outstanding in each pair, at least 1.</summary>
    public int QueueDepth { get; init; } = 32;

    /// <summary>Requests that may wait or be under way at one time, at least 1.</summary>
    public int MaxRequests { get; init; } = 256;

    /// <summary>Most bytes in one command; a larger request is sent as several. A multiple of 4 KiB.</summary>
    public uint MaxTransferBytes { get; init; } = 1 << 20;

    /// <summary>PRPs or SGLs.</summary>
    public NvmeDataPointers DataPointers { get; init; }

    /// <summary>Whether completions raise interrupts (vector = queue number). The driver itself polls.</summary>
    public bool UseInterrupts { get; init; } = true;

    /// <summary>How long a command may take before it is aborted, and if that does not end it, before the controller is reset.</summary>
    public SimTime CommandTimeout { get; init; } = SimTime.FromNanoseconds(30_000_000_000);
}
