// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Fabric;
using Physr.Machine.Nvme;
using Physr.Machine.Nvme.Media;
using Physr.Machine.Rdma;
using Physr.Machine.Scenarios;
using Physr.Machine.Simulation;
using Physr.Memory;
using PersistentMemory = Physr.Storage.PersistentMemory;

namespace Physr.Machine.Offload;

/// <summary>A scenario's machine for one route, with its namespaces, networks and initiators, and the ends of its transfers.</summary>
internal sealed class OffloadHost : IDisposable
{
    private readonly Scenario _scenario;
    private readonly DeviceFactory _factory;
    private readonly Dictionary<string, ITransferEnd> _ends = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RemoteInitiator> _initiators = new(StringComparer.Ordinal);
    private readonly List<RdmaNetwork> _networks = [];
    private readonly Dictionary<FabricNode, NvmeEnds> _drives = [];

    public OffloadHost(Scenario scenario, RouteSpec route, ulong seed, IAllocationGate? gate = null, Func<string, string, ulong, PersistentMemory>? openRegion = null)
    {
        _scenario = scenario;
        _factory = new(seed, openRegion);
        (HostSpec host, FabricSpec[] fabric) = RouteFabric.Of(scenario, route);
        Machine = new(host, fabric, _factory.Make, seed, gate);
        foreach (InitiatorSpec spec in scenario.Initiators)
        {
            _initiators.Add(spec.Name, Join(spec, seed));
        }

        Machine.Fabric.Faults = new FaultInjector(scenario.Faults.Where(fault => fault.Route is null || fault.Route == route.Name));
    }

    public SimulatedMachine Machine { get; }

    /// <summary>The device that masters the bus for a named end.</summary>
    public FabricNode NodeOf(string end) =>
        _scenario.Initiators.FirstOrDefault(initiator => initiator.Name == end) is { } remote
            ? Machine.Fabric[remote.Nic]
            : Machine.Fabric[DriveOf(end).Name];

    /// <summary>A namespace's media, past its drive.</summary>
    public INvmeMedia MediaOf(string name) => _factory.MediaOf(name);

    /// <summary>Reads a namespace's bytes past its drive.</summary>
    public void Inspect(string name, ulong offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            MediaStatus status = MediaOf(name).Read(offset, destination.Length, out ReadOnlySpan<byte> bytes);
            if (status != MediaStatus.Success)
            {
                throw new PhysrException("inspect media", name, Errno.EIO, $"{status} at byte {offset}");
            }

            bytes.CopyTo(destination);
            destination = destination[bytes.Length..];
            offset += (ulong)bytes.Length;
        }
    }

    /// <summary>Makes an end ready; a second call gives the same.</summary>
    /// <exception cref="PhysrException">Its device does not come up.</exception>
    public ITransferEnd OpenEnd(string name)
    {
        if (_ends.TryGetValue(name, out ITransferEnd? known))
        {
            return known;
        }

        FabricNode node = NodeOf(name);
        ITransferEnd end;
        if (_initiators.TryGetValue(name, out RemoteInitiator? initiator))
        {
            end = new RdmaEnd(name, node, Machine, initiator);
        }
        else
        {
            if (!_drives.TryGetValue(node, out NvmeEnds? drive))
            {
                drive = new(node, Machine);
                _drives.Add(node, drive);
            }

            FabricSpec spec = DriveOf(name);
            int index = spec.Namespaces.TakeWhile(each => each.Name != name).Count();
            end = drive.End(name, (uint)index + 1, _factory.MediaOf(name));
        }

        _ends.Add(name, end);
        return end;
    }

    /// <summary>Ends all drivers and gives back what they held.</summary>
    public void CloseEnds()
    {
        foreach (ITransferEnd end in _ends.Values)
        {
            end.Close();
            (end as IDisposable)?.Dispose();
        }

        _ends.Clear();
        foreach (NvmeEnds drive in _drives.Values)
        {
            drive.Dispose();
        }

        _drives.Clear();
    }

    /// <summary>What was not given back, once everything should have been.</summary>
    public IEnumerable<string> FindLeaks() => MachineLeaks.Find(Machine);

    /// <summary>How long each device's own part (media, network) was busy.</summary>
    public IEnumerable<(string Name, double BusySeconds)> DeviceBusySeconds()
    {
        foreach ((FabricNode node, NvmeController controller) in Machine.Fabric.Nodes.Where(static node => node.Device is NvmeController).Select(static node => (node, (NvmeController)node.Device!)))
        {
            SimTime read = SimTime.ForBytes(controller.Statistics.BytesRead, node.Spec.ReadBytesPerSecond);
            SimTime written = SimTime.ForBytes(controller.Statistics.BytesWritten, node.Spec.WriteBytesPerSecond);
            yield return ($"media of {node.Name}", read.Add(written).Seconds);
        }

        for (int i = 0; i < _networks.Count; i++)
        {
            InitiatorSpec spec = _scenario.Initiators[i];
            yield return ($"network {spec.Nic} -> {spec.Name}", SimTime.ForBytes(_networks[i].FromAToB.WireBytes, spec.BytesPerSecond).Seconds);
            yield return ($"network {spec.Name} -> {spec.Nic}", SimTime.ForBytes(_networks[i].FromBToA.WireBytes, spec.BytesPerSecond).Seconds);
        }
    }

    public void Dispose()
    {
        foreach (RemoteInitiator initiator in _initiators.Values)
        {
            initiator.Dispose();
        }

        Machine.Dispose();
        _factory.Dispose();
    }

    private FabricSpec DriveOf(string name) => _scenario.Fabric.First(node => node.Namespaces.Any(each => each.Name == name));

    private RemoteInitiator Join(InitiatorSpec spec, ulong seed)
    {
        RdmaNic nic = (RdmaNic)Machine.Fabric[spec.Nic].Device!;
        RdmaNetwork network = new(Machine.Scheduler, new()
        {
            BytesPerSecond = spec.BytesPerSecond,
            Latency = SimTime.FromNanoseconds(spec.LatencyNanoseconds),
        });
        nic.Connect(network.PortA);
        network.ConnectA(nic);
        _networks.Add(network);
        RemoteInitiator initiator = RemoteInitiator.Create(spec.Name, Machine.Scheduler, network, spec.MemoryBytes);

        // The initiator's bytes come from the seed, like the namespaces'.
        SeededRandom content = SeededRandom.For(seed, spec.Name);
        foreach (TransferSpec transfer in _scenario.Transfers.Where(transfer => transfer.From == spec.Name))
        {
            for (ulong at = 0; at < transfer.LengthBytes;)
            {
                Span<byte> part = initiator.Memory.SpanAt(transfer.FromOffset + at, transfer.LengthBytes - at);
                content.Fill(part);
                at += (ulong)part.Length;
            }
        }

        return initiator;
    }
}
