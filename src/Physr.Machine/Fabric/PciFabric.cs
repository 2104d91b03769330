// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Devices;
using Physr.Machine.Reports;
using Physr.Machine.Scenarios;
using Physr.Machine.Simulation;

namespace Physr.Machine.Fabric;

/// <summary>The PCIe fabric and DRAM of one machine. It decodes each request hop by hop by the bridges' windows, BARs and ACS bits, moves the bytes, counts them
/// on each link's direction and in DRAM, and says when they are through.</summary>
/// <remarks>A route is found once for a requester and target and kept until a configuration register, a link or a slot changes. Single-threaded.</remarks>
public sealed partial class PciFabric : IDisposable
{
    /// <summary>What a packet needs from one hop to the next.</summary>
    private static readonly SimTime s_hopLatency = SimTime.FromNanoseconds(100);

    /// <summary>How long a requester waits for a completion (PCIe Base Specification, section 2.8: 50 ms by default).</summary>
    private static readonly SimTime s_completionTimeout = SimTime.FromNanoseconds(50_000_000);

    private readonly Scheduler _scheduler;
    private readonly Dictionary<FabricNode, RequesterRoutes> _routes = [];
    private readonly List<FabricNode> _nodes = [];
    private readonly SimTime _dramLatency;

    internal PciFabric(Scheduler scheduler, HostSpec host)
    {
        _scheduler = scheduler;
        Layout = new(host.RamBytes);
        Ram = new("RAM", host.RamBytes);
        Dram = new("root complex", "DRAM", host.DramBytesPerSecond);
        _dramLatency = SimTime.FromNanoseconds(host.DramLatencyNanoseconds);
    }

    /// <summary>Where RAM lies.</summary>
    public RamLayout Layout { get; }

    /// <summary>RAM itself.</summary>
    public SparseMemory Ram { get; }

    /// <summary>The DRAM channels, reads and writes together.</summary>
    public ByteMeter Dram { get; }

    /// <summary>Every node, parents before children.</summary>
    public IReadOnlyList<FabricNode> Nodes => _nodes;

    /// <summary>Every link.</summary>
    public IEnumerable<FabricLink> Links => _nodes.Where(static node => node.Link is not null).Select(static node => node.Link!);

    /// <summary>How often a device has written control bytes, completions above all, to RAM: a host that polls rings in RAM finds them as they were while this stands
    /// still.</summary>
    internal ulong ControlWritesToRam { get; private set; }

    /// <summary>Told of each span of time that a link or DRAM is taken; may be null.</summary>
    public IRunObserver? Observer { get; set; }

    /// <summary>What makes transactions fail.</summary>
    public FaultInjector Faults { get; set; } = FaultInjector.None;

    /// <summary>Whether the root complex forwards a request of one device to another: the kernel's host-bridge rule, taken as what the hardware does.</summary>
    internal Func<FabricNode, FabricNode, bool> Forwards { get; set; } = static (_, _) => false;

    /// <summary>The node of a name.</summary>
    /// <exception cref="PhysrException">There is none.</exception>
    public FabricNode this[string name] =>
        _nodes.Find(node => node.Name == name) ?? throw new PhysrException("find", name, Errno.ENODEV, "no node of the fabric has this name");

    /// <summary>Reads as a device.</summary>
    public BusCompletion Read(FabricNode requester, DmaAddress address, Span<byte> destination, Traffic traffic)
    {
        SimTime finished = _scheduler.Now;
        BusStatus status = Admit(requester, ref finished);
        RouteStep step = default;
        while (status == BusStatus.Success && !destination.IsEmpty)
        {
            Locate(requester, address, destination.Length, isWrite: false, ref step);
            FabricRoute route = step.Route;
            status = Reach(requester, route, ref finished);
            if (status != BusStatus.Success)
            {
                break;
            }

            Span<byte> part = destination[..step.Length];
            status = Fetch(route, step.Offset, part);
            finished = SimTime.Max(finished, Charge(route, (ulong)part.Length, traffic, isRead: true).Add(step.Walked));
            destination = destination[part.Length..];
            address = address.Add((ulong)part.Length);
        }

        return new(status, finished);
    }

    /// <summary>Writes as a device.</summary>
    public BusCompletion Write(FabricNode requester, DmaAddress address, ReadOnlySpan<byte> source, Traffic traffic)
    {
        SimTime finished = _scheduler.Now;
        BusStatus status = Admit(requester, ref finished);
        RouteStep step = default;
        while (status == BusStatus.Success && !source.IsEmpty)
        {
            Locate(requester, address, source.Length, isWrite: true, ref step);
            FabricRoute route = step.Route;
            status = Reach(requester, route, ref finished);
            if (status != BusStatus.Success)
            {
                break;
            }

            ReadOnlySpan<byte> part = source[..step.Length];
            status = Store(route, step.Offset, part);
            ControlWritesToRam += route.Target == RouteTarget.Dram && traffic == Traffic.Control ? 1UL : 0;
            finished = SimTime.Max(finished, Charge(route, (ulong)part.Length, traffic, isRead: false).Add(step.Walked));
            source = source[part.Length..];
            address = address.Add((ulong)part.Length);
        }

        return new(status, finished);
    }

    /// <summary>How a requester's access to an address would go, in words: for reports and tests.</summary>
    public string Explain(FabricNode requester, DmaAddress address)
    {
        FabricRoute route = Preview(requester, address);
        string way = string.Join(", ", route.Request.Select(static meter => $"{meter.From} -> {meter.To}"));
        return route.Target switch
        {
            RouteTarget.None or RouteTarget.Refused => $"{address}: {route.Refusal}",
            RouteTarget.Bar => $"{address}: {route.Node!.Name} BAR {route.Bar} by {way}{(route.ThroughRootComplex ? " through the root complex" : "")}",
            _ => $"{address}: {route.Target} by {way}",
        };
    }

    /// <summary>Pulls a device out of its slot: it masters nothing any more, and nothing reaches it.</summary>
    public void Remove(FabricNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        node.IsPresent = false;
        Invalidate();
        if (node.Device is { } device)
        {
            // Power is gone, and with it all that the device had under way; not at once, for it may be in the middle of a transaction that found it removed.
            _scheduler.At(_scheduler.Now, new PowerLoss(device), 0);
        }
    }

    /// <summary>Something that routes depend on has changed.</summary>
    public void Invalidate() => _routes.Clear();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (FabricNode node in _nodes)
        {
            node.Device?.Dispose();
        }

        Ram.Dispose();
    }

    internal void Add(FabricNode node)
    {
        _nodes.Add(node);
        node.Config.Written += (_, _) => Invalidate();
    }

    /// <summary>Whether the target answers; what is injected at its transactions counts too.</summary>
    private BusStatus Reach(FabricNode requester, FabricRoute route, ref SimTime finished)
    {
        BusStatus status = Check(route);
        if (status != BusStatus.Success || route.Node is not { } target || ReferenceEquals(target, requester))
        {
            return status;
        }

        status = Faults.OnTransaction(this, target);
        if (status == BusStatus.CompletionTimeout)
        {
            finished = finished.Add(s_completionTimeout);
        }

        return status;
    }

    private static BusStatus Check(FabricRoute route)
    {
        if (route.Target is RouteTarget.None or RouteTarget.Refused)
        {
            return route.Target == RouteTarget.None ? BusStatus.UnsupportedRequest : BusStatus.IommuFault;
        }

        foreach (FabricLink link in route.Links)
        {
            if (!link.IsUp)
            {
                return BusStatus.LinkDown;
            }
        }

        return route.Node is { IsPresent: false } ? BusStatus.DeviceGone : BusStatus.Success;
    }

    private BusStatus Admit(FabricNode requester, ref SimTime finished)
    {
        if (!requester.IsPresent)
        {
            return BusStatus.DeviceGone;
        }

        if ((requester.Config.Command & Pci.Spec.PciCommand.BusMaster) == Pci.Spec.PciCommand.None)
        {
            return BusStatus.UnsupportedRequest;
        }

        BusStatus injected = Faults.OnTransaction(this, requester);
        if (injected == BusStatus.CompletionTimeout)
        {
            finished = finished.Add(s_completionTimeout);
        }

        return injected;
    }

    private SimTime Charge(FabricRoute route, ulong bytes, Traffic traffic, bool isRead)
    {
        SimTime now = _scheduler.Now;
        SimTime finished = now;
        ByteMeter[] way = route.Request;
        if (isRead)
        {
            // The request is a packet without payload: it takes time on its way but is counted as nothing.
            foreach (ByteMeter meter in way)
            {
                finished = finished.Add(s_hopLatency);
                meter.Take(now, 0, LinkRate.OnWire(0), traffic, out _);
            }

            way = route.Completion;
        }

        if (route.Target == RouteTarget.Dram)
        {
            finished = SimTime.Max(finished, Pass(Dram, now, bytes, bytes, traffic)).Add(_dramLatency);
        }

        foreach (ByteMeter meter in way)
        {
            finished = SimTime.Max(finished, Pass(meter, now, bytes, LinkRate.OnWire(bytes), traffic)).Add(s_hopLatency);
        }

        if (Observer is not null && route.Node is { } target && traffic == Traffic.Payload)
        {
            // The target's own track: its memory served a peer. Spans of one track do not overlap.
            Observer.Span(target.Name, isRead ? "memory read" : "memory write", SimTime.Max(now, SimTime.Min(target.ServedUntil, finished)), finished, bytes);
            target.ServedUntil = SimTime.Max(target.ServedUntil, finished);
        }

        return finished;
    }

    private SimTime Pass(ByteMeter meter, SimTime ready, ulong counted, ulong onWire, Traffic traffic)
    {
        SimTime end = meter.Take(ready, counted, onWire, traffic, out SimTime start);
        Observer?.Span(meter.Track, traffic == Traffic.Payload ? "payload" : "control", start, end, counted);
        return end;
    }

    private sealed class PowerLoss(DeviceModel device) : ISimulated
    {
        public void OnEvent(int kind, ulong argument) => device.Reset();
    }
}
