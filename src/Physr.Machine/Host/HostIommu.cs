// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Dma.Iommu;
using Physr.Dma.Iova;
using Physr.Machine.Fabric;
using Physr.Machine.Reports;
using Physr.Machine.Scenarios;
using Physr.Machine.Simulation;
using Physr.Memory;

namespace Physr.Machine.Host;

/// <summary>The host's IOMMU: a unit for each host bridge, and a domain with IO virtual addresses of its own for each device.</summary>
/// <remarks>One domain for each device, as the kernel has one for each group: devices here have no aliases and share none. Addresses that never reach the IOMMU, because a
/// bridge window or the interrupt range claims them, are not handed out (the kernel's reserved regions).</remarks>
public sealed class HostIommu : IDisposable
{
    private readonly Scheduler _scheduler;
    private readonly Dictionary<FabricNode, IommuUnit> _units = [];
    private readonly List<Attached> _attached = [];
    private ulong _mostRuns;
    private ulong _mostBytes;
    private ulong _mostTablePages;

    internal HostIommu(IommuSpec spec, PciFabric fabric, Scheduler scheduler, Func<FabricNode, DmaDevice> devices, IAllocationGate? gate)
    {
        Spec = spec;
        _scheduler = scheduler;
        foreach (FabricNode bridge in fabric.Nodes.Where(static node => node.Spec.Kind == FabricKind.HostBridge))
        {
            _units.Add(bridge, new($"iommu of {bridge.Name}", new() { IotlbEntries = spec.IotlbEntries }));
        }

        try
        {
            foreach (FabricNode node in fabric.Nodes.Where(static node => node.Device is not null))
            {
                node.Iommu = _units[node.HostBridge];
                if (spec.Policy == IommuPolicy.Passthrough)
                {
                    Require(node.Iommu.AttachIdentity(node.RequesterId, Pasid.None), node);
                }
                else
                {
                    _attached.Add(Attach(node, devices(node), gate));
                }
            }
        }
        catch (PhysrException)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What the scenario says of it.</summary>
    public IommuSpec Spec { get; }

    /// <summary>The units, one for each host bridge.</summary>
    public IReadOnlyCollection<IommuUnit> Units => _units.Values;

    /// <summary>The devices' translations; none in passthrough.</summary>
    public IEnumerable<DmaDomain> Domains => _attached.Select(static each => each.Domain);

    /// <summary>A device as those take it who hand it to a user or a guest: what they attach takes the place of the kernel's own domain.</summary>
    /// <param name="node">The device.</param>
    public IommuDevice DeviceOf(FabricNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return new(_units[node.HostBridge], node.RequesterId, Spec.Format, reserved: WindowsAbove(node));
    }

    /// <summary>Runs of IO virtual addresses in use, those of lazy mode that wait for a flush too.</summary>
    public ulong LiveRuns => Sum(static each => (ulong)(each.Domain.Iova.LiveCount - each.ReservedRuns));

    /// <summary>Bytes in them, as rounded.</summary>
    public ulong LiveBytes => Sum(static each => each.Domain.Iova.LiveBytes - each.ReservedBytes);

    /// <summary>Notes how much is in use now, for the highest figures of the report; called after each mapping.</summary>
    internal void Sample()
    {
        ulong runs = 0;
        ulong bytes = 0;
        ulong tablePages = 0;
        foreach (Attached each in _attached)
        {
            IovaStatistics inUse = each.Domain.Iova.GetStatistics();
            runs += (ulong)(inUse.LiveCount - each.ReservedRuns);
            bytes += inUse.LiveBytes - each.ReservedBytes;
            tablePages += (ulong)each.Table.TablePages;
        }

        _mostRuns = Math.Max(_mostRuns, runs);
        _mostBytes = Math.Max(_mostBytes, bytes);
        _mostTablePages = Math.Max(_mostTablePages, tablePages);
    }

    /// <summary>What it did so far.</summary>
    internal IommuReport Report()
    {
        IotlbStatistics[] units = [.. Units.Select(static unit => unit.Statistics)];
        return new()
        {
            Mode = System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(Spec.Policy.ToString()),
            IovaBytes = _mostBytes,
            IovaRuns = _mostRuns,
            Flushes = Sum(static each => (ulong)each.Table.Flushes),
            Invalidations = (ulong)units.Sum(static unit => unit.Invalidations),
            IotlbHits = (ulong)units.Sum(static unit => unit.Hits),
            IotlbMisses = (ulong)units.Sum(static unit => unit.Misses),
            TablePages = _mostTablePages,
            Faults = (ulong)Units.Sum(static unit => unit.Faults.Total),
        };
    }

    /// <summary>Flushes what still waits, so that every released address is free again.</summary>
    public void Flush()
    {
        foreach (Attached each in _attached)
        {
            each.Domain.Queue?.Flush();
        }
    }

    /// <summary>Detaches the devices and frees the tables.</summary>
    public void Dispose()
    {
        Flush();
        foreach (Attached each in _attached)
        {
            each.Node.Iommu!.Detach(each.Node.RequesterId, Pasid.None);
            each.Domain.Iova.Dispose();
            each.Table.Dispose();
        }

        _attached.Clear();
    }

    private ulong Sum(Func<Attached, ulong> figure)
    {
        ulong sum = 0;
        foreach (Attached each in _attached)
        {
            sum += figure(each);
        }

        return sum;
    }

    private static void Require(Errno errno, FabricNode node)
    {
        if (errno != Errno.None)
        {
            throw new PhysrException("attach to IOMMU", node.Name, errno, $"{node.RequesterId} is refused");
        }
    }

    /// <summary>The bus addresses that the host bridge above a device decodes.</summary>
    private static IEnumerable<DmaRange> WindowsAbove(FabricNode node) =>
        node.HostBridge.RootWindows.Select(window => new DmaRange(new(BarAssignment.ToBus(node.HostBridge, window.Start.Value)), window.Length));

    private Attached Attach(FabricNode node, DmaDevice device, IAllocationGate? gate)
    {
        IommuDomain domain = new(Spec.Format, new() { Gate = gate });
        ulong last = Math.Min(domain.Aperture.Last.Value, device.Mask);
        IovaAllocator iova = new(PageSize.Size4K, new(PageSize.Size4K), new(last));
        Reserve(iova, IommuUnit.InterruptWindow, last);
        foreach (DmaRange window in WindowsAbove(node))
        {
            Reserve(iova, window, last);
        }

        // One ring: which thread releases must not show in a run that is to be repeated.
        DmaDomain translation = new(domain, iova, Spec.Policy == IommuPolicy.Lazy ? IommuFlushMode.Lazy : IommuFlushMode.Strict, new() { Stripes = 1 });
        if (translation.Queue is { } queue)
        {
            FlushTimer timer = new(queue, _scheduler);
            queue.Armed = timer.Arm;
        }

        Require(node.Iommu!.Attach(node.RequesterId, Pasid.None, domain), node);
        device.Domain = translation;
        return new(node, domain, translation, iova.LiveCount, iova.LiveBytes);
    }

    private static void Reserve(IovaAllocator iova, DmaRange range, ulong last)
    {
        DmaRange usable = range.Intersect(DmaRange.FromBounds(default, new(last)));
        if (!usable.IsEmpty && iova.Reserve(usable) is not Errno.None and var errno)
        {
            throw new PhysrException("reserve IO virtual addresses", range.ToString(), errno, "they were handed out");
        }
    }

    // Reserved ranges may count as taken: they are nobody's use.
    private sealed record Attached(FabricNode Node, IommuDomain Table, DmaDomain Domain, long ReservedRuns, ulong ReservedBytes);

    /// <summary>The kernel's timer of a flush queue, on the machine's clock.</summary>
    private sealed class FlushTimer(FlushQueue queue, Scheduler scheduler) : ISimulated
    {
        public ulong Arm()
        {
            scheduler.After(SimTime.FromNanoseconds(queue.PeriodNanoseconds), this, 0);
            return Nanoseconds;
        }

        public void OnEvent(int kind, ulong argument) => queue.Tick(Nanoseconds);

        private ulong Nanoseconds => scheduler.Now.Picoseconds / 1000;
    }
}
