// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;

namespace Physr.Machine.Rdma;

/// <summary>A cable between two ends, or the path through a switched network that behaves like one: full duplex, in order, with a rate, a latency and a link
/// that can go down.</summary>
/// <remarks>Retransmission is modelled here, below the ends: while the link is down the oldest packet of a direction is tried again at intervals and the others
/// queue behind it; when its attempts are used up, all that queue are lost and both queue pairs of each are told. An end therefore sees every packet once and
/// in order, or hears of the loss.</remarks>
public sealed class RdmaNetwork : ISimulated
{
    private const int EventArrival = 0;
    private const int EventLost = 2;

    private readonly Scheduler _scheduler;
    private readonly RdmaNetworkPort[] _ports;
    private readonly Stack<RdmaPacket> _pieces = new();
    private readonly Stack<RdmaPacket> _controls = new();
    private int _made;

    /// <summary>Makes a network whose link is up.</summary>
    public RdmaNetwork(Scheduler scheduler, RdmaNetworkOptions options)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfZero(options.BytesPerSecond);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Mtu, 256);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.PieceSize, 256);
        ArgumentOutOfRangeException.ThrowIfNegative(options.HeaderBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(options.RetryCount);
        _scheduler = scheduler;
        Options = options;
        _ports = [new(this, 0), new(this, 1)];
    }

    /// <summary>What the network is like.</summary>
    public RdmaNetworkOptions Options { get; }

    /// <summary>One end's side.</summary>
    public IRdmaPort PortA => _ports[0];

    /// <summary>The other end's side.</summary>
    public IRdmaPort PortB => _ports[1];

    /// <summary>Whether the link is up. Taking it down harms nothing by itself: what cannot be delivered is tried again until the attempts are used up.</summary>
    public bool IsUp { get; set; } = true;

    /// <summary>What arrived at B.</summary>
    public RdmaTraffic FromAToB => _ports[0].Delivered;

    /// <summary>What arrived at A.</summary>
    public RdmaTraffic FromBToA => _ports[1].Delivered;

    /// <summary>Packets that are on the way or kept by an end; 0 at rest, or one leaked.</summary>
    public int PacketsInUse => _made - _pieces.Count - _controls.Count;

    /// <summary>Plugs an end into side A.</summary>
    public void ConnectA(IRdmaEnd end) => _ports[0].End = end;

    /// <summary>Plugs an end into side B.</summary>
    public void ConnectB(IRdmaEnd end) => _ports[1].End = end;

    /// <inheritdoc/>
    void ISimulated.OnEvent(int kind, ulong argument)
    {
        if (kind >= EventLost)
        {
            _ports[kind - EventLost].End?.TransportLost((uint)argument);
        }
        else
        {
            Arrive(_ports[kind - EventArrival]);
        }
    }

    internal RdmaPacket Rent(bool withPayload)
    {
        Stack<RdmaPacket> pool = withPayload ? _pieces : _controls;
        if (pool.TryPop(out RdmaPacket? packet))
        {
            return packet;
        }

        _made++;
        return new(withPayload ? Options.PieceSize : 0);
    }

    internal void Return(RdmaPacket packet)
    {
        packet.Kind = default;
        packet.SourceQueuePair = 0;
        packet.DestinationQueuePair = 0;
        packet.Message = 0;
        packet.Address = 0;
        packet.Key = 0;
        packet.TotalLength = 0;
        packet.Offset = 0;
        packet.PayloadLength = 0;
        packet.IsLast = false;
        packet.Status = default;
        (packet.Payload.Length != 0 ? _pieces : _controls).Push(packet);
    }

    internal SimTime Transmit(RdmaNetworkPort port, RdmaPacket packet, SimTime readyAt)
    {
        SimTime departs = SimTime.Max(SimTime.Max(readyAt, _scheduler.Now), port.FreeAt);
        port.FreeAt = departs.Add(SimTime.ForBytes(WireBytes(packet), Options.BytesPerSecond));
        packet.ArrivesAt = port.FreeAt.Add(Options.Latency);
        port.Flying.Enqueue(packet);
        if (port.Flying.Count == 1)
        {
            _scheduler.At(packet.ArrivesAt, this, EventArrival + port.Side);
        }

        return departs;
    }

    internal void Abandon(RdmaNetworkPort port, uint peerQueuePair) =>
        _scheduler.After(RetryTotal(), this, EventLost + (1 - port.Side), peerQueuePair);

    internal SimTime RetryTotal() => new(Options.RetryInterval.Picoseconds * ((ulong)Options.RetryCount + 1));

    private ulong WireBytes(RdmaPacket packet) =>
        (ulong)packet.PayloadLength + ((ulong)Math.Max(1, (packet.PayloadLength + Options.Mtu - 1) / Options.Mtu) * (ulong)Options.HeaderBytes);

    private void Arrive(RdmaNetworkPort port)
    {
        if (!IsUp)
        {
            Retry(port);
            return;
        }

        port.Attempts = 0;
        RdmaPacket packet = port.Flying.Dequeue();
        if (port.Flying.TryPeek(out RdmaPacket? next))
        {
            _scheduler.At(SimTime.Max(next.ArrivesAt, _scheduler.Now), this, EventArrival + port.Side);
        }

        RdmaTraffic before = port.Delivered;
        port.Delivered = new(before.Packets + 1, before.PayloadBytes + (ulong)packet.PayloadLength, before.WireBytes + WireBytes(packet));
        RdmaDelivery delivery = _ports[1 - port.Side].End?.Deliver(packet) ?? RdmaDelivery.Refused;
        if (delivery == RdmaDelivery.Refused)
        {
            _scheduler.After(RetryTotal(), this, EventLost + port.Side, packet.SourceQueuePair);
        }

        if (delivery != RdmaDelivery.Kept)
        {
            Return(packet);
        }
    }

    private void Retry(RdmaNetworkPort port)
    {
        if (port.Attempts++ < Options.RetryCount)
        {
            _scheduler.After(Options.RetryInterval, this, EventArrival + port.Side);
            return;
        }

        port.Attempts = 0;
        while (port.Flying.TryDequeue(out RdmaPacket? packet))
        {
            _scheduler.At(_scheduler.Now, this, EventLost + port.Side, packet.SourceQueuePair);
            _scheduler.At(_scheduler.Now, this, EventLost + (1 - port.Side), packet.DestinationQueuePair);
            Return(packet);
        }
    }
}
