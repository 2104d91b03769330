// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;

namespace Physr.Machine.Rdma;

/// <summary>What a network is like.</summary>
public sealed record RdmaNetworkOptions
{
    /// <summary>Bytes a second in each direction; 100 Gbit/s.</summary>
    public ulong BytesPerSecond { get; init; } = 12_500_000_000;

    /// <summary>From the last byte out to the last byte in.</summary>
    public SimTime Latency { get; init; } = SimTime.FromNanoseconds(1000);

    /// <summary>Payload bytes of a wire packet (path MTU).</summary>
    public int Mtu { get; init; } = 4096;

    /// <summary>Bytes around each wire packet's payload: RoCE v2 over Ethernet, with preamble and gap (Ethernet 38, IPv4 20, UDP 8, BTH 12, ICRC 4).</summary>
    public int HeaderBytes { get; init; } = 82;

    /// <summary>Payload bytes that are moved at a time; also the longest SEND. Small enough to stay in a cache, large enough that moving them is a copy.</summary>
    public int PieceSize { get; init; } = 64 << 10;

    /// <summary>The time between attempts while the other end does not answer.</summary>
    public SimTime RetryInterval { get; init; } = SimTime.FromNanoseconds(500_000);

    /// <summary>Attempts after the first; 7 is the most that the transport can be told (InfiniBand, section 11.2.4.2).</summary>
    public int RetryCount { get; init; } = 7;
}
