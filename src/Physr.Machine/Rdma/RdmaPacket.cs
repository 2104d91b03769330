// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Rdma.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Rdma;

/// <summary>A piece of a message on the network. Many wire packets of one MTU each travel as one of these; the network counts their headers. Packets are pooled:
/// the sender rents, the network returns.</summary>
public sealed class RdmaPacket
{
    internal RdmaPacket(int payloadSize) => Payload = payloadSize == 0 ? [] : new byte[payloadSize];

    /// <summary>What it is.</summary>
    public RdmaPacketKind Kind { get; set; }

    /// <summary>The sender's queue pair.</summary>
    public uint SourceQueuePair { get; set; }

    /// <summary>The receiver's queue pair.</summary>
    public uint DestinationQueuePair { get; set; }

    /// <summary>Which request of the requester's send ring.</summary>
    public uint Message { get; set; }

    /// <summary>The remote virtual address of the message's first byte.</summary>
    public ulong Address { get; set; }

    /// <summary>The remote key.</summary>
    public uint Key { get; set; }

    /// <summary>Bytes of the whole message.</summary>
    public uint TotalLength { get; set; }

    /// <summary>Where in the message this piece starts.</summary>
    public uint Offset { get; set; }

    /// <summary>Bytes of this piece.</summary>
    public int PayloadLength { get; set; }

    /// <summary>Whether this is the message's last piece.</summary>
    public bool IsLast { get; set; }

    /// <summary>For a negative acknowledgement: how the requester's work request ends.</summary>
    public RdmaCompletionStatus Status { get; set; }

    /// <summary>Room for the piece.</summary>
    internal byte[] Payload { get; }

    /// <summary>When the last byte is at the other end.</summary>
    internal SimTime ArrivesAt { get; set; }

    /// <summary>The bytes of this piece.</summary>
    public Span<byte> Data => Payload.AsSpan(0, PayloadLength);
}
