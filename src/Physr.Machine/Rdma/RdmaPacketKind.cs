// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Rdma;

/// <summary>What a packet on the network is (the base transport header's opcodes, InfiniBand section 9.2, for the reliable connection).</summary>
public enum RdmaPacketKind
{
    /// <summary>A whole small message for the next receive buffer.</summary>
    Send = 0,

    /// <summary>A piece of an RDMA WRITE.</summary>
    Write = 1,

    /// <summary>Asks for bytes.</summary>
    ReadRequest = 2,

    /// <summary>A piece of the bytes that were asked for.</summary>
    ReadResponse = 3,

    /// <summary>A SEND or WRITE is done.</summary>
    Acknowledge = 4,

    /// <summary>A request failed; the packet's status is the requester's.</summary>
    NegativeAcknowledge = 5,
}
