// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;

namespace Physr.Machine.Rdma;

/// <summary>One side of a network: what leaves here and arrives at the other.</summary>
internal sealed class RdmaNetworkPort : IRdmaPort
{
    // Pieces that may wait for a link that is down before the sender holds its own back.
    private const int HeldWhileDown = 4;

    private readonly RdmaNetwork _network;

    public RdmaNetworkPort(RdmaNetwork network, int side)
    {
        _network = network;
        Side = side;
    }

    public int Side { get; }

    public IRdmaEnd? End { get; set; }

    public Queue<RdmaPacket> Flying { get; } = new(64);

    public SimTime FreeAt { get; set; }

    public int Attempts { get; set; }

    public RdmaTraffic Delivered { get; set; }

    public bool IsUp => _network.IsUp;

    public bool CanTransmit => _network.IsUp || Flying.Count < HeldWhileDown;

    public int PieceSize => _network.Options.PieceSize;

    public SimTime RetryInterval => _network.Options.RetryInterval;

    public SimTime RetryTotal => _network.RetryTotal();

    public RdmaPacket Rent(bool withPayload) => _network.Rent(withPayload);

    public void Return(RdmaPacket packet) => _network.Return(packet);

    public SimTime Transmit(RdmaPacket packet, SimTime readyAt) => _network.Transmit(this, packet, readyAt);

    public void Abandon(uint peerQueuePair) => _network.Abandon(this, peerQueuePair);
}
