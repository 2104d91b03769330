// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Dma;
using Physr.Machine.Fabric;
using Physr.Machine.Reports;
using Physr.Machine.Scenarios;
using Physr.Machine.Simulation;
using Physr.Memory;

namespace Physr.Machine.Offload;

/// <summary>One route of a scenario on a machine of its own: chooses the staging memory, maps it for each device, pumps the transfers, checks the bytes, gives
/// everything back and counts what was not.</summary>
internal sealed class RouteRun : IDisposable
{
    private readonly Scenario _scenario;
    private readonly RouteSpec _route;
    private readonly IRunObserver? _observer;
    private readonly OffloadHost _host;
    private readonly SimulatedMachine _machine;
    private readonly TransferCheck _check = new();
    private readonly List<TransferReport> _transfers = [];
    private readonly Dictionary<FabricNode, DmaMapping> _mappings = [];
    private readonly ulong _payload;
    private readonly int _slots;
    private ulong _bytesDone;
    private int _unanswered;

    public RouteRun(Scenario scenario, RouteSpec route, ulong seed, IRunObserver? observer, IAllocationGate? gate = null)
    {
        _scenario = scenario;
        _route = route;
        _observer = observer;
        _host = new(scenario, route, seed, gate);
        _machine = _host.Machine;
        _machine.Fabric.Observer = observer;
        _slots = scenario.Transfers.Max(Slots);
        _payload = scenario.Transfers.Aggregate(0UL, static (sum, transfer) => sum + transfer.LengthBytes);
    }

    public RouteReport Run(CancellationToken cancellation)
    {
        long started = Stopwatch.GetTimestamp();
        RouteChoice choice = RouteChoice.Make(_machine, _route, Clients());
        bool fellBack = choice.MapType == P2PMapType.NotSupported && _route.FallBack;
        List<string> reasons = [.. choice.Reasons];
        if (fellBack)
        {
            reasons.Add("fell back to bounce: every byte went through DRAM");
        }

        bool isPeer = choice.MapType is P2PMapType.BusAddress or P2PMapType.ThroughHostBridge;
        string staged = "none";
        (int Entries, ulong Bytes) ranges = default;
        (long Count, long Bytes) descriptors = default;
        List<string> leaked = [];
        SimTime begun = SimTime.Zero;
        SimTime ended = SimTime.Zero;
        if (isPeer || choice.MapType == P2PMapType.None || fellBack)
        {
            PeerMemory? peer = isPeer ? PeerMemory.Publish(_machine, choice.Provider!, _route.Pages ? P2PPoolBacking.PageDescriptors : P2PPoolBacking.ProviderOnly) : null;
            descriptors = (_machine.Map.DescriptorCount, _machine.Map.DescriptorBytes);
            ulong needed = _scenario.Transfers.Max(static transfer => transfer.ChunkBytes * (ulong)Slots(transfer));
            using (StagingMemory staging = peer is null ? StagingMemory.InRam(_machine, needed) : StagingMemory.InPool(_machine, peer.Pool, peer.Provider, needed))
            {
                staged = staging.Name;
                ranges = (staging.List.EntryCount, staging.List.PackedBytes);
                begun = _machine.Scheduler.Now;
                foreach (TransferSpec transfer in _scenario.Transfers)
                {
                    _transfers.Add(Move(transfer, staging, cancellation));
                }

                ended = _machine.Scheduler.Now;
                _host.CloseEnds();
                foreach (DmaMapping mapping in _mappings.Values)
                {
                    mapping.Dispose();
                }
            }

            if (peer is not null && peer.Pool.TryRelease() != Errno.None)
            {
                leaked.Add($"the pool of {peer.Provider}: {peer.Pool.UsedBytes} bytes");
            }
        }
        else
        {
            _transfers.AddRange(_scenario.Transfers.Select(static transfer => new TransferReport(transfer.Name, 0, "", false, "refused, and the scenario forbids falling back")));
        }

        if (_unanswered != 0)
        {
            leaked.Add($"{_unanswered} commands that were never answered");
        }

        // Lazily released addresses wait for a flush that is nobody's debt.
        IommuReport? iommu = _machine.Iommu?.Report();
        _machine.Iommu?.Flush();
        leaked.AddRange(_host.FindLeaks());
        double seconds = ended.Since(begun).Seconds;
        foreach (string fault in _machine.Fabric.Faults.Injected)
        {
            reasons.Add("injected: " + fault);
        }

        foreach (string fault in _machine.Fabric.Faults.Unreached)
        {
            reasons.Add("not injected: " + fault);
        }

        return new()
        {
            Name = _route.Name,
            Verdict = choice.Verdict,
            Reasons = reasons,
            FellBack = fellBack,
            Provider = staged,
            PayloadBytes = _transfers.Aggregate(0UL, static (sum, transfer) => sum + transfer.Bytes),
            DramBytes = _machine.Fabric.Dram.PayloadBytes,
            DramControlBytes = _machine.Fabric.Dram.ControlBytes,
            Links = RouteMeters.Links(_machine.Fabric, seconds),
            RangeEntries = ranges.Entries,
            RangeBytes = ranges.Bytes,
            PageDescriptors = (ulong)descriptors.Count,
            DescriptorBytes = (ulong)descriptors.Bytes,
            EstimatedSeconds = seconds,
            Bottleneck = RouteMeters.Bottleneck(_machine.Fabric, _host.DeviceBusySeconds(), seconds),
            WallSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds,
            Sha256 = _transfers.TrueForAll(static transfer => transfer.Sha256.Length != 0) ? _check.RouteDigest() : "",
            Verified = _transfers.TrueForAll(static transfer => transfer.Verified),
            Leaked = leaked,
            Transfers = _transfers,
            Iommu = iommu,
            BounceBytes = (ulong?)_machine.Mapper.Bounce?.Statistics.Bytes,
        };
    }

    public void Dispose()
    {
        _check.Dispose();
        _host.Dispose();
    }

    /// <summary>Staging slots that a transfer can use: never more than it has chunks.</summary>
    private static int Slots(TransferSpec transfer) =>
        (int)Math.Min((ulong)transfer.QueueDepth, (transfer.LengthBytes + transfer.ChunkBytes - 1) / transfer.ChunkBytes);

    private FabricNode[] Clients() =>
        [.. _scenario.Transfers.SelectMany(transfer => new[] { _host.NodeOf(transfer.From), _host.NodeOf(transfer.To) }).Distinct()];

    private TransferReport Move(TransferSpec transfer, StagingMemory staging, CancellationToken cancellation)
    {
        ITransferEnd from;
        ITransferEnd to;
        try
        {
            from = _host.OpenEnd(transfer.From);
            to = _host.OpenEnd(transfer.To);
            Open(from, staging);
            Open(to, staging);
        }
        catch (PhysrException failure)
        {
            return new(transfer.Name, 0, "", false, failure.Message);
        }

        TransferPump pump = new(_machine, from, to, Slots(transfer));
        ulong before = _bytesDone;
        string? error = pump.Run(transfer, ref _bytesDone, _payload, _observer, cancellation);
        _unanswered += pump.Outstanding;
        if (error is not null)
        {
            return new(transfer.Name, _bytesDone - before, "", false, error);
        }

        (bool verified, string digest) = _check.Check(transfer, from, to);
        return new(transfer.Name, transfer.LengthBytes, digest, verified, verified ? null : "the bytes that arrived are not the source's");
    }

    /// <summary>Where mapping is more than a look-up, each command of a device that allows it has its own mapping.</summary>
    private void Open(ITransferEnd end, StagingMemory staging)
    {
        DmaDevice device = _machine.DmaOf(end.Node);
        if (end.NeedsOneMapping || (device.Domain is null && device.Mask == ulong.MaxValue))
        {
            end.Open(Map(end.Node, staging));
        }
        else
        {
            end.Close();
            end.Open(DmaRangeList.Empty, new CommandMappings(_machine, device, staging.List, _slots));
        }
    }

    private DmaRangeList Map(FabricNode node, StagingMemory staging)
    {
        if (!_mappings.TryGetValue(node, out DmaMapping? mapping))
        {
            if (!_machine.Mapper.TryMap(_machine.DmaOf(node), staging.List, DmaDirection.Bidirectional, out mapping, out DmaMapError? error))
            {
                throw new PhysrException("map staging memory", node.Name, error!.Errno, error.Detail);
            }

            _mappings.Add(node, mapping!);
            _machine.Iommu?.Sample();
        }

        return mapping!.Addresses;
    }
}
