// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using System.Security.Cryptography;
using Physr.Dma.Sharing;
using Physr.Machine.Endpoint;
using Physr.Machine.Fabric;
using Physr.Machine.Offload;
using Physr.Machine.Reports;
using Physr.Machine.Scenarios;
using Physr.Machine.Simulation;

namespace Physr.Machine.Slices;

/// <summary>One route of a scenario that lends slices, on a machine of its own: lends, maps, transfers, takes back with transfers in flight, touches what is gone, gives out
/// again, transfers once more, and gives everything back. Each byte is checked where it lies.</summary>
internal sealed partial class SliceRun : IDisposable
{
    private readonly SlicesSpec _spec;
    private readonly RouteSpec _route;
    private readonly IRunObserver? _observer;
    private readonly DeviceFactory _factory;
    private readonly SimulatedMachine _machine;
    private readonly FabricNode _lender;
    private readonly BarSliceExporter _exporter;
    private readonly SliceBuffer[] _buffers;
    private readonly List<SliceImporter> _importers = [];
    private readonly SeededRandom _content;
    private readonly List<TransferReport> _transfers = [];
    private readonly List<RefusedAccess> _refused = [];
    private readonly IncrementalHash _digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int _refusedMappings;
    private int _revokes;
    private int _inFlight;

    public SliceRun(Scenario scenario, RouteSpec route, ulong seed, IRunObserver? observer)
    {
        _spec = scenario.Slices!;
        _route = route;
        _observer = observer;
        _factory = new(seed);
        (HostSpec host, FabricSpec[] fabric) = RouteFabric.Of(scenario, route);
        _machine = new(host, fabric, _factory.Make, seed);
        _machine.Fabric.Observer = observer;
        _lender = _machine.Fabric[_spec.Exporter];
        _buffers = [.. _spec.Buffers.Select(buffer => new SliceBuffer(buffer, (EndpointDevice)_lender.Device!))];
        _exporter = new(_machine.Providers(_lender), _machine.Mapper, _machine.Routes, new()
        {
            Buffers = new() { Observer = (shared, entry) => Array.Find(_buffers, buffer => ReferenceEquals(buffer.Shared, shared))?.Follow(entry) },
        });
        _content = SeededRandom.For(seed, _spec.Exporter);
    }

    /// <summary>Bytes that all transfers of a route move when nothing is refused.</summary>
    public static ulong PayloadOf(SlicesSpec spec) =>
        spec.Buffers.Aggregate(0UL, static (sum, buffer) => sum + buffer.Length) * (ulong)spec.Importers.Count * 2;

    public RouteReport Run(CancellationToken cancellation)
    {
        long started = Stopwatch.GetTimestamp();
        RouteChoice choice = RouteChoice.Make(_machine, new() { Name = _route.Name, Provider = _spec.Exporter }, [.. _spec.Importers.Select(name => _machine.Fabric[name])]);
        List<string> reasons = [.. choice.Reasons];
        SimTime begun = _machine.Scheduler.Now;
        (int Entries, ulong Bytes) lists = default;
        long descriptors = 0;
        string? failure = null;
        try
        {
            Lend();
            TransferAll("before", cancellation);
            lists = (_importers.Sum(static importer => importer.ListSize.Entries), _importers.Aggregate(0UL, static (sum, importer) => sum + importer.ListSize.Bytes));
            descriptors = _machine.Map.DescriptorCount;
            TakeBack(reasons, cancellation);
            TouchWhatIsGone(reasons);
            GiveOut(cancellation);
            TransferAll("after", cancellation);
        }
        catch (PhysrException stopped)
        {
            failure = stopped.Message;
            _transfers.Add(new("slices", 0, "", false, stopped.Message));
        }

        SimTime ended = _machine.Scheduler.Now;
        List<string> leaked = GiveBack();
        IommuReport? iommu = _machine.Iommu?.Report();
        _machine.Iommu?.Flush();
        leaked.AddRange(MachineLeaks.Find(_machine));
        double seconds = ended.Since(begun).Seconds;
        bool isVerified = failure is null && _transfers.TrueForAll(static transfer => transfer.Verified);
        return new()
        {
            Name = _route.Name,
            Verdict = choice.Verdict,
            Reasons = reasons,
            Provider = _spec.Exporter,
            PayloadBytes = _transfers.Aggregate(0UL, static (sum, transfer) => sum + transfer.Bytes),
            DramBytes = _machine.Fabric.Dram.PayloadBytes,
            DramControlBytes = _machine.Fabric.Dram.ControlBytes,
            Links = RouteMeters.Links(_machine.Fabric, seconds),
            RangeEntries = lists.Entries,
            RangeBytes = lists.Bytes,
            PageDescriptors = (ulong)descriptors,
            EstimatedSeconds = seconds,
            Bottleneck = RouteMeters.Bottleneck(_machine.Fabric, [], seconds),
            WallSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds,
            Sha256 = isVerified ? Convert.ToHexStringLower(_digest.GetHashAndReset()) : "",
            Verified = isVerified,
            Leaked = leaked,
            Transfers = _transfers,
            Iommu = iommu,
            BounceBytes = (ulong?)_machine.Mapper.Bounce?.Statistics.Bytes,
            Slices = Report(),
        };
    }

    public void Dispose()
    {
        _importers.ForEach(static importer => importer.Dispose());
        _digest.Dispose();
        _machine.Dispose();
        _factory.Dispose();
    }

    private SlicesReport Report()
    {
        PhysicalRange[] bars = [.. _spec.Buffers.Select(buffer => SimulatedMachine.BarRange(_lender, buffer.Bar))];
        return new()
        {
            Buffers = _buffers.Length,
            Slices = _spec.Buffers.Sum(static buffer => buffer.Slices.Count),
            SliceBytes = _spec.Buffers.Aggregate(0UL, static (sum, buffer) => sum + buffer.Length),
            SpanBytes = bars.Max(static bar => bar.End.Value) - bars.Min(static bar => bar.Start.Value),
            Importers = _spec.Importers.Count,
            Mappings = _importers.Sum(static importer => importer.MappingsMade),
            Revokes = _revokes,
            InFlight = _inFlight,
            ProtocolSteps = _buffers.Sum(static buffer => buffer.ProtocolSteps),
            RefusedMappings = _refusedMappings,
            RefusedAccesses = _refused,
        };
    }

    /// <summary>Lets what is under way end, and gives everything back; what cannot be is named.</summary>
    private List<string> GiveBack()
    {
        List<string> leaked = [];
        foreach (SliceImporter importer in _importers)
        {
            while (importer.InFlight != 0 && (importer.Pump() || _machine.Scheduler.Step()))
            {
                // Its transfers go on.
            }

            if (importer.TryClose() is { } kept)
            {
                leaked.Add(kept);
            }

            importer.Dispose();
        }

        foreach (SliceBuffer buffer in _buffers.Where(static buffer => buffer.Shared is not null))
        {
            buffer.Shared.Release();
            if (buffer.Shared.References != 0)
            {
                leaked.Add($"{buffer.Shared}: {buffer.Shared.References} references");
            }

            if (buffer.EndReplay() is { } unlawful)
            {
                leaked.Add($"{buffer.Spec.Name}: the protocol was left: {unlawful}");
            }
        }

        if (leaked.Count == 0)
        {
            _exporter.Remove();
        }

        return leaked;
    }
}
