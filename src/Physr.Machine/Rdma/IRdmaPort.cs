// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;

namespace Physr.Machine.Rdma;

/// <summary>What an end sees of the network: a wire that keeps order, delivers once, and retries by itself while the link is down (the part of the reliable
/// transport below messages).</summary>
public interface IRdmaPort
{
    /// <summary>Whether the link is up.</summary>
    bool IsUp { get; }

    /// <summary>Whether a piece may be handed over now; false while the link is down and some already wait.</summary>
    bool CanTransmit { get; }

    /// <summary>Most bytes in a packet's payload.</summary>
    int PieceSize { get; }

    /// <summary>How long to wait before another attempt.</summary>
    SimTime RetryInterval { get; }

    /// <summary>How long a receiver may be without a buffer, all attempts together.</summary>
    SimTime RetryTotal { get; }

    /// <summary>Takes a packet from the pool, all fields at their defaults.</summary>
    /// <param name="withPayload">Whether it has room for <see cref="PieceSize"/> bytes, or for none.</param>
    RdmaPacket Rent(bool withPayload);

    /// <summary>Puts a packet that was not transmitted, or was kept, back into the pool.</summary>
    void Return(RdmaPacket packet);

    /// <summary>Sends a packet, which belongs to the network from then on.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="readyAt">When its bytes are there; not in the past.</param>
    /// <returns>When the first byte leaves: a sender with two buffers prepares the next packet then.</returns>
    SimTime Transmit(RdmaPacket packet, SimTime readyAt);

    /// <summary>Says that a queue pair will answer no more. The other end finds out when its retries run out.</summary>
    /// <param name="peerQueuePair">The queue pair at the other end.</param>
    void Abandon(uint peerQueuePair);
}
