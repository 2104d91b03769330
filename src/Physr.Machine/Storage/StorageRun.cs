// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using System.Security.Cryptography;
using Physr.Machine.Fabric;
using Physr.Machine.Offload;
using Physr.Machine.Pmem;
using Physr.Machine.Reports;
using Physr.Machine.Scenarios;
using Physr.Machine.Simulation;
using Physr.Storage;
using Physr.Storage.Files;
using Physr.Storage.Raid;

namespace Physr.Machine.Storage;

/// <summary>One route of a scenario with a file on an array of persistent memory, on a machine of its own: devices read it where it lies, processes map it, it is cut while a device reads, members are lost and
/// rebuilt. Each byte is checked where it arrives.</summary>
internal sealed partial class StorageRun : IDisposable
{
    private readonly StorageSpec _spec;
    private readonly StorageRouteSpec _array;
    private readonly RouteSpec _route;
    private readonly ulong _seed;
    private readonly IRunObserver? _observer;
    private readonly OffloadHost _host;
    private readonly SimulatedMachine _machine;
    private readonly HostBytes _bytes;
    private readonly List<PersistentMemory> _regions = [];
    private readonly Dictionary<string, DaxBlockDevice> _cards = new(StringComparer.Ordinal);
    private readonly List<TransferReport> _transfers = [];
    private readonly List<string> _reasons = [];
    private readonly List<StageDescriptors> _stages = [];
    private readonly IncrementalHash _digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private RaidArray? _raid;
    private FileStore? _store;
    private NvmeBlockDevice? _drive;
    private Processes? _processes;
    private byte[] _content = [];
    private string _verdict = "notSupported";
    private string _found = "nothing";
    private int _foundFiles;
    private ulong _rebuilt;
    private int _mismatches;
    private ulong _done;
    private (int Entries, ulong Bytes) _ranges;

    public StorageRun(Scenario scenario, RouteSpec route, ulong seed, IRunObserver? observer, Func<string, string, ulong, PersistentMemory>? openRegion)
    {
        _spec = scenario.Storage!;
        _route = route;
        _array = route.Storage!.Value;
        _seed = seed;
        _observer = observer;
        try
        {
            _host = new(scenario, route, seed, gate: null, openRegion is null ? null : Open);
        }
        catch
        {
            CloseRegions();
            throw;
        }

        _machine = _host.Machine;
        _machine.Fabric.Observer = observer;
        _bytes = MachineBytes.Of(_machine);
        foreach (FabricNode node in _machine.Fabric.Nodes.Where(static node => node.Device is PmemDevice))
        {
            _cards.Add(node.Name, new(MachineBytes.DaxOf(_machine, node), _bytes));
        }

        PersistentMemory Open(string name, string path, ulong length)
        {
            PersistentMemory region = openRegion(name, path, length);
            _regions.Add(region);
            return region;
        }
    }

    /// <summary>Bytes that are sent somewhere: to the drive, and to the peer.</summary>
    public static ulong PayloadOf(StorageSpec spec) => 2 * spec.FileBytes;

    public RouteReport Run(CancellationToken cancellation)
    {
        long started = Stopwatch.GetTimestamp();
        SimTime begun = _machine.Scheduler.Now;
        string phase = "build";
        try
        {
            foreach ((string name, Action<CancellationToken> act) in Phases())
            {
                phase = name;
                cancellation.ThrowIfCancellationRequested();
                act(cancellation);
                begun = name == "build" ? _machine.Scheduler.Now : begun;
            }
        }
        catch (PhysrException stopped)
        {
            _transfers.Add(new(phase, 0, "", false, stopped.Message));
        }

        double seconds = _machine.Scheduler.Now.Since(begun).Seconds;
        StorageReport report = Report();
        List<string> leaked = GiveBack();
        IommuReport? iommu = _machine.Iommu?.Report();
        _machine.Iommu?.Flush();
        leaked.AddRange(_host.FindLeaks());
        _reasons.AddRange(_machine.Fabric.Faults.Injected.Select(static fault => "injected: " + fault));
        _reasons.AddRange(_machine.Fabric.Faults.Unreached.Select(static fault => "not injected: " + fault));
        bool isVerified = _transfers.TrueForAll(static transfer => transfer.Verified);
        return new()
        {
            Name = _route.Name,
            Verdict = _verdict,
            Reasons = _reasons,
            Provider = string.Join(", ", _spec.Members),
            PayloadBytes = _done,
            DramBytes = _machine.Fabric.Dram.PayloadBytes,
            DramControlBytes = _machine.Fabric.Dram.ControlBytes,
            Links = RouteMeters.Links(_machine.Fabric, seconds),
            RangeEntries = _ranges.Entries,
            RangeBytes = _ranges.Bytes,
            PageDescriptors = (ulong)_stages.Select(static stage => stage.Descriptors).DefaultIfEmpty().Max(),
            DescriptorBytes = (ulong)_stages.Select(static stage => stage.Descriptors).DefaultIfEmpty().Max() * Physr.Memory.PageDescriptor.SizeBytes,
            EstimatedSeconds = seconds,
            Bottleneck = RouteMeters.Bottleneck(_machine.Fabric, _host.DeviceBusySeconds(), seconds),
            WallSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds,
            Sha256 = isVerified ? Convert.ToHexStringLower(_digest.GetCurrentHash()) : "",
            Verified = isVerified,
            Leaked = leaked,
            Transfers = _transfers,
            Iommu = iommu,
            BounceBytes = (ulong?)_machine.Mapper.Bounce?.Statistics.Bytes,
            Storage = report,
        };
    }

    public void Dispose()
    {
        _processes?.Dispose();
        _raid?.Dispose();
        _drive?.Dispose();
        _digest.Dispose();
        _host.Dispose();
        CloseRegions();
    }

    private StorageReport Report() => new()
    {
        Level = (int)_array.Level,
        Members = _spec.Members.Count,
        ArrayBytes = _raid?.Geometry.ArrayBytes ?? 0,
        DescriptorsByStage = _stages,
        RebuiltBytes = _rebuilt,
        Mismatches = _mismatches,
        Persistence = _regions.Count == 0 ? "memory" : string.Join(", ", _regions.Select(static region => region.Durability).Distinct(StringComparer.Ordinal)),
        Found = _found,
        FoundFiles = _foundFiles,
    };

    private void Stage(string name) => _stages.Add(new(name, _machine.Map.DescriptorCount));

    /// <summary>Ends what used the array, and the array; names what is left.</summary>
    private List<string> GiveBack()
    {
        List<string> leaked = [];
        if (_processes is not null)
        {
            leaked.AddRange(_processes.Close());
        }

        _host.CloseEnds();
        _drive?.Dispose();
        _drive = null;
        if (_raid is not null && _raid.State != RaidState.Failed && _raid.TryStop(out string reason) != Errno.None)
        {
            leaked.Add(reason);
        }

        _raid?.Dispose();
        _raid = null;
        return leaked;
    }

    private void CloseRegions()
    {
        foreach (PersistentMemory region in _regions)
        {
            region.Dispose();
        }

        _regions.Clear();
    }
}
