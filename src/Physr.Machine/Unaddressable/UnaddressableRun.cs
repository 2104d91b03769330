// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using System.Text.Json;
using Physr.Machine.Fabric;
using Physr.Machine.Gpu.Host;
using Physr.Machine.Gpu.Spec;
using Physr.Machine.Offload;
using Physr.Machine.Reports;
using Physr.Machine.Scenarios;
using Physr.Machine.Simulation;
using Physr.Machine.Svm;
using Physr.Mm;

namespace Physr.Machine.Unaddressable;

/// <summary>One route of a scenario in which a process builds data with ordinary writes, a GPU works on them by the process's own addresses, and the process reads the result; on a machine of its own. Each byte
/// is checked as the process reads it.</summary>
internal sealed partial class UnaddressableRun : IDisposable
{
    /// <summary>RAM beside the data: counters, the page of zeros, and what is on its way.</summary>
    public const ulong RamBesideData = 16UL << 20;

    private const ulong DataAddress = 0x7f00_0000_0000;
    private const ulong CountersAddress = DataAddress - (4UL << 20);

    private readonly UnaddressableSpec _spec;
    private readonly RouteSpec _route;
    private readonly SvmRouteSpec _svm;
    private readonly IRunObserver? _observer;
    private readonly DeviceFactory _factory;
    private readonly SimulatedMachine _machine;
    private readonly FabricNode _gpu;
    private readonly ProcessWork _work;
    private readonly SeededRandom _random;
    private readonly List<TransferReport> _transfers = [];
    private readonly List<string> _reasons = [];
    private readonly List<MemoryMoment> _moments = [];
    private ProcessRam? _ram;
    private AddressSpace? _space;
    private SvmDriver? _driver;
    private HotplugReport? _hotplug;
    private string _digest = "";

    public UnaddressableRun(Scenario scenario, RouteSpec route, ulong seed, IRunObserver? observer)
    {
        _spec = scenario.Unaddressable!;
        _route = route;
        _svm = route.Svm!;
        _observer = observer;
        _factory = new(seed);
        (HostSpec host, FabricSpec[] fabric) = RouteFabric.Of(scenario, route);
        _machine = new(host, [.. fabric.Select(WithReach)], _factory.Make, seed);
        _machine.Fabric.Observer = observer;
        _machine.Fabric.Faults = new FaultInjector(scenario.Faults.Where(fault => fault.Route is null || fault.Route == route.Name));
        _gpu = _machine.Fabric[_spec.Gpu];
        _work = new(seed, new(DataAddress), _svm.DataBytes, _spec.Nodes);
        _random = SeededRandom.For(seed, "cpu");
    }

    public RouteReport Run(CancellationToken cancellation)
    {
        long started = Stopwatch.GetTimestamp();
        SimTime begun = _machine.Scheduler.Now;
        (long Count, long Bytes) descriptors = default;
        string phase = "build";
        try
        {
            foreach ((string name, Action<CancellationToken> act) in Phases())
            {
                phase = name;
                cancellation.ThrowIfCancellationRequested();
                act(cancellation);
                descriptors = (_machine.Map.DescriptorCount, _machine.Map.DescriptorBytes);
                begun = name == "build" ? _machine.Scheduler.Now : begun;
            }
        }
        catch (PhysrException stopped)
        {
            _transfers.Add(new(phase, 0, "", false, stopped.Message));
        }

        double seconds = _machine.Scheduler.Now.Since(begun).Seconds;
        UnaddressableReport report = Report(seconds);
        List<string> leaked = GiveBack();
        IommuReport? iommu = _machine.Iommu?.Report();
        _machine.Iommu?.Flush();
        leaked.AddRange(MachineLeaks.Find(_machine));
        _reasons.AddRange(_machine.Fabric.Faults.Injected.Select(static fault => "injected: " + fault));
        _reasons.AddRange(_machine.Fabric.Faults.Unreached.Select(static fault => "not injected: " + fault));
        bool isVerified = _transfers.TrueForAll(static transfer => transfer.Verified);
        return new()
        {
            Name = _route.Name,
            Verdict = JsonNamingPolicy.CamelCase.ConvertName(_svm.Policy.ToString()),
            Reasons = _reasons,
            Provider = _gpu.Name,
            PayloadBytes = isVerified ? _svm.DataBytes : 0,
            DramBytes = _machine.Fabric.Dram.PayloadBytes,
            DramControlBytes = _machine.Fabric.Dram.ControlBytes,
            Links = RouteMeters.Links(_machine.Fabric, seconds),
            PageDescriptors = (ulong)descriptors.Count,
            DescriptorBytes = (ulong)descriptors.Bytes,
            EstimatedSeconds = seconds,
            Bottleneck = RouteMeters.Bottleneck(_machine.Fabric, [], seconds),
            WallSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds,
            Sha256 = isVerified ? _digest : "",
            Verified = isVerified,
            Leaked = leaked,
            Transfers = _transfers,
            Iommu = iommu,
            BounceBytes = (ulong?)_machine.Mapper.Bounce?.Statistics.Bytes,
            Unaddressable = report,
        };
    }

    public void Dispose()
    {
        _space?.Dispose();
        _driver?.Dispose();
        _ram?.Dispose();
        _machine.Dispose();
        _factory.Dispose();
    }

    /// <summary>The driver tells how long an address its page tables can hold (<c>dma_set_mask</c>): IO virtual addresses are no longer then.</summary>
    private static FabricSpec WithReach(FabricSpec node) =>
        node.Kind == FabricKind.Gpu ? node with { DmaMaskBits = Math.Min(node.DmaMaskBits, GpuPageEntry.AddressBits) } : node;

    private UnaddressableReport Report(double seconds)
    {
        SvmStatistics done = _driver?.Statistics ?? default;
        GpuMmuStatistics mmu = _driver is { IsOpen: true } ? _driver.Mmu.Statistics : default;
        long cpuFaults = _space?.DeviceFaults ?? 0;
        ulong faults = mmu.Faults + (ulong)cpuFaults;
        return new()
        {
            Numbering = JsonNamingPolicy.CamelCase.ConvertName(_svm.Numbering.ToString()),
            CpuFaults = cpuFaults,
            DeviceFaults = mmu.Faults,
            FaultRecords = mmu.FaultRecords,
            Replays = mmu.Replays,
            Invalidations = mmu.Invalidations,
            ToDevice = done.ToDevice,
            ToRam = done.ToRam + done.Evicted,
            Evictions = done.Evicted,
            MappedInRam = done.MappedInRam,
            Exclusive = done.Exclusive,
            MigratedBytes = _driver?.Mover.Bytes ?? 0,
            FaultsPerSecond = seconds == 0 ? 0 : faults / seconds,
            MigrationBytesPerSecond = _driver is { Mover.Seconds: > 0 } driver ? driver.Mover.Bytes / driver.Mover.Seconds : 0,
            PinnedLeaks = _ram?.Memory.Pins ?? 0,
            Hotplug = _hotplug,
            Moments = _moments,
        };
    }

    /// <summary>Ends the process, and then whatever served it; names what is left.</summary>
    private List<string> GiveBack()
    {
        List<string> leaked = [];
        _space?.Dispose();
        if (_driver is not null)
        {
            leaked.AddRange(_driver.Close());
        }

        if (_ram is not null)
        {
            leaked.AddRange(_ram.Close());
        }

        if (_hotplug is { Outcome: Added } && _machine.Map.HotRemoveRam(_hotplug.Range) is not Errno.None and var errno)
        {
            leaked.Add($"RAM at {_hotplug.Range}: {errno}");
        }

        return leaked;
    }
}
