// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Rdma.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Rdma;

/// <summary>A reliable-connected queue pair in the device: as requester it works through the send ring, as responder through what the other end asks.</summary>
internal sealed class QueuePair
{
    public bool IsLive;
    public uint Number;
    public RdmaQueuePairState State;
    public uint Domain;
    public CompletionQueue SendCompletions = null!;
    public CompletionQueue ReceiveCompletions = null!;
    public uint Peer;

    public WorkRing Send;
    public WorkRing Receive;

    /// <summary>Requests that were fetched and are not retired; the place of one is its count modulo the length.</summary>
    public readonly Request[] Requests = new Request[RdmaLimits.MaxOutstanding];

    /// <summary>Whether the last fetched request still has bytes to send.</summary>
    public bool HasCurrent;
    public uint SentOfCurrent;

    /// <summary>Whether a send step is scheduled.</summary>
    public bool IsSendScheduled;

    /// <summary>A request failed and waits for its turn to say so: nothing after it is begun.</summary>
    public bool IsSendStopped;
    public int ReadsOutstanding;

    /// <summary>What the other end is owed, in the order of its requests.</summary>
    public readonly Response[] Responses = new Response[RdmaLimits.MaxOutstanding];
    public uint FirstResponse;
    public uint NextResponse;
    public bool IsResponseScheduled;

    /// <summary>A request of the other end failed: what follows it is dropped.</summary>
    public bool IsResponderHalted;

    /// <summary>When all bytes received so far are in memory.</summary>
    public SimTime PlacedAt;

    /// <summary>Receives whose bytes are on the way to memory.</summary>
    public readonly Queue<PendingReceive> PendingReceives = new(RdmaLimits.MaxOutstanding);

    /// <summary>Requests of the other end that wait for a receive buffer, or behind one that does.</summary>
    public readonly Queue<RdmaPacket> Parked = new(RdmaLimits.MaxOutstanding);

    /// <summary>How many packets were ever unparked, to tell a stale timer.</summary>
    public uint Unparked;

    public ref Request RequestAt(uint count) => ref Requests[count % RdmaLimits.MaxOutstanding];

    public ref Response ResponseAt(uint count) => ref Responses[count % RdmaLimits.MaxOutstanding];

    public bool IsOutstanding(uint count) => count - Send.Freed < Send.Fetched - Send.Freed;

    public struct Request
    {
        public RdmaWorkRequest Work;
        public bool IsDone;
        public bool IsSent;
        public uint Received;
        public RdmaCompletionStatus Status;
        public ushort VendorError;
        public SimTime PlacedAt;
    }

    public struct Response
    {
        public RdmaPacketKind Kind;
        public uint Message;
        public RdmaCompletionStatus Status;
        public SimTime ReadyAt;
        public ulong Address;
        public uint Key;
        public uint Length;
        public uint Sent;
    }

    public readonly record struct PendingReceive(uint Count, uint ByteCount, RdmaCompletionStatus Status, ushort VendorError, SimTime At);
}
