// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Rdma.Spec;

namespace Physr.Machine.Rdma.Host;

/// <summary>The end of a work request.</summary>
/// <param name="Id">What the poster called it.</param>
/// <param name="Opcode">The operation; <see cref="RdmaOpcode.Invalid"/> where it was flushed before the device looked at it.</param>
/// <param name="Status">How it ended.</param>
/// <param name="ByteCount">Bytes moved; 0 unless it is a success.</param>
/// <param name="BusStatus">Behind a <see cref="RdmaCompletionStatus.LocalBusError"/>: what the bus said.</param>
/// <param name="QueuePair">The queue pair's number.</param>
public readonly record struct RdmaWorkCompletion(
    ulong Id, RdmaOpcode Opcode, RdmaCompletionStatus Status, uint ByteCount, BusStatus BusStatus, uint QueuePair)
{
    /// <summary>Whether the bytes are where they belong.</summary>
    public bool IsSuccess => Status == RdmaCompletionStatus.Success;
}
