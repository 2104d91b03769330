// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Rdma;

/// <summary>What a network calls at its ends.</summary>
public interface IRdmaEnd
{
    /// <summary>A packet arrived.</summary>
    RdmaDelivery Deliver(RdmaPacket packet);

    /// <summary>What a queue pair sent, or waits for, is lost and all retries are used up.</summary>
    /// <param name="queuePair">The queue pair of this end.</param>
    void TransportLost(uint queuePair);
}
