// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Dma.Bounce;
using Physr.Machine.Devices;
using Physr.Machine.Fabric;
using Physr.Machine.Host;
using Physr.Machine.Scenarios;
using Physr.Machine.Simulation;
using Physr.Memory;
using Physr.Pci.Routing;
using Physr.Pci.Topology;

namespace Physr.Machine;

/// <summary>A whole host in one process: RAM, a PCIe fabric with devices, and the memory map, topology, routes and mapper of the host's kernel, all read from the
/// same configuration bytes.</summary>
public sealed class SimulatedMachine : IDisposable
{
    /// <summary>No physical address is longer on x86-64: a device with as many bits reaches all RAM.</summary>
    private const int PhysicalBits = 52;

    private readonly Dictionary<FabricNode, DeviceHost> _hosts = [];
    private readonly Dictionary<FabricNode, P2PProviderSet> _providers = [];

    /// <summary>Builds a machine: nodes are made, plugged together, enumerated, and the kernel's view is read from them.</summary>
    /// <param name="host">CPU and RAM.</param>
    /// <param name="fabric">The nodes, parents before children.</param>
    /// <param name="devices">Makes the model of a device node.</param>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="gate">Asked before each step of mapping that may fail; null lets all pass (row R91).</param>
    public SimulatedMachine(HostSpec host, IReadOnlyList<FabricSpec> fabric, Func<FabricSpec, DeviceModel> devices, ulong seed, IAllocationGate? gate = null)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(fabric);
        ArgumentNullException.ThrowIfNull(devices);
        Host = host;
        Scheduler = new(seed);
        Fabric = new(Scheduler, host);
        FabricAssembly.Build(Fabric, Scheduler, fabric, devices);
        FabricEnumerator.Run(Fabric);
        Topology = FabricTopology.Read(Fabric);
        Router = new(Topology, Rules(host));
        Routes = new(Router);
        Memory = new(Fabric);
        Map = MachineMemoryMap.Build(Fabric);
        Mapper = new(Map, Routes, new() { HostMemory = Memory, Bounce = MakeBouncePool(host, fabric, gate), AllocationGate = gate });
        Fabric.Forwards = Forwards;
        foreach (FabricNode node in Fabric.Nodes)
        {
            // A write to a register is what the kernel's view is made of: ACS above all.
            node.Config.Written += (_, _) => Topology.RefreshAcs(FunctionOf(node));
            if (node.Device is not null)
            {
                DmaDevice dma = new(node.Name, MaskOf(node.Spec), new SegmentLimits { MaxSegmentSize = uint.MaxValue });
                Routes.Attach(dma, FunctionOf(node));
                _hosts.Add(node, new(this, node, dma));
            }
        }

        try
        {
            Iommu = host.Iommu is { Policy: not IommuPolicy.Off } iommu ? new(iommu, Fabric, Scheduler, DmaOf, gate) : null;
        }
        catch (PhysrException)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>CPU and RAM.</summary>
    public HostSpec Host { get; }

    /// <summary>The clock.</summary>
    public Scheduler Scheduler { get; }

    /// <summary>Links, DRAM, decoding.</summary>
    public PciFabric Fabric { get; }

    /// <summary>The kernel's view of the PCI tree.</summary>
    public PciTopology Topology { get; }

    /// <summary>The kernel's peer-to-peer rules on it.</summary>
    public P2PRouter Router { get; }

    /// <summary>The same, as the DMA layer asks.</summary>
    public P2PRoutes Routes { get; }

    /// <summary>RAM not in use.</summary>
    public HostMemory Memory { get; }

    /// <summary>Resources, pagemaps, providers.</summary>
    public MemoryMap Map { get; }

    /// <summary>Maps memory for devices.</summary>
    public DmaMapper Mapper { get; }

    /// <summary>What translates the addresses that devices send up; null on a host without an IOMMU.</summary>
    public HostIommu? Iommu { get; }

    /// <summary>What a driver of a device works with.</summary>
    public IDeviceHost HostOf(FabricNode node) => _hosts[node];

    /// <summary>The device as the DMA layer knows it.</summary>
    public DmaDevice DmaOf(FabricNode node) => _hosts[node].Dma;

    /// <summary>The function as the kernel sees it.</summary>
    public PciFunction FunctionOf(FabricNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return Topology.TryFind(node.Address, out PciFunction? function)
            ? function
            : throw new PhysrException("find function", node.Name, Errno.ENODEV, $"{node.Address} is not in the tree");
    }

    /// <summary>Where a BAR lies in the CPU's address space.</summary>
    public static PhysicalRange BarRange(FabricNode node, int bar)
    {
        ArgumentNullException.ThrowIfNull(node);
        IReadOnlyList<BarProfile> bars = node.Device!.Profile.Bars;
        for (int i = 0; i < bars.Count; i++)
        {
            // No query and no enumerator: each register access of a driver asks.
            if (bars[i].Index == bar)
            {
                return BarAssignment.CpuRange(node, bars[i]);
            }
        }

        throw new PhysrException("find BAR", $"{node.Name} BAR {bar}", Errno.ENODEV, "the device has no BAR of this number");
    }

    /// <summary>The peer-to-peer provider of a device's BAR; a device's providers are made at the first call (row R43d).</summary>
    public P2PProvider ProviderOf(FabricNode node, int bar)
    {
        ArgumentNullException.ThrowIfNull(node);
        P2PProviderSet set = Providers(node);
        return set.Provider(bar) ?? throw new PhysrException("find provider", $"{node.Name} BAR {bar}", Errno.ENODEV, "the device has no memory BAR of this number");
    }

    /// <summary>All providers of a device.</summary>
    public P2PProviderSet Providers(FabricNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        if (!_providers.TryGetValue(node, out P2PProviderSet? set))
        {
            set = new(Map, node.Name, FunctionOf(node));
            BarAperture[] bars = [.. node.Device!.Profile.Bars.Select(bar => new BarAperture(bar.Index, BarRange(node, bar.Index), new(BarAssignment.Read(node, bar)), !bar.IsIo))];
            Errno errno = set.Initialize(bars);
            if (errno != Errno.None)
            {
                throw new PhysrException("initialize providers", node.Name, errno, "the memory map refused a BAR");
            }

            _providers.Add(node, set);
        }

        return set;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Iommu?.Dispose();
        Mapper.Bounce?.Dispose();
        Fabric.Dispose();
    }

    /// <summary>The kernel's swiotlb: there only where some device needs it, low enough for the narrowest, a sixteenth of RAM at most.</summary>
    private BouncePool? MakeBouncePool(HostSpec host, IReadOnlyList<FabricSpec> fabric, IAllocationGate? gate)
    {
        int narrowest = fabric.Min(static node => node.DmaMaskBits);
        if (narrowest >= PhysicalBits)
        {
            return null;
        }

        BouncePoolOptions options = new() { Last = new(Math.Min(uint.MaxValue, ulong.MaxValue >> (64 - narrowest))) };
        options = options with { Length = Math.Min(options.Length, host.RamBytes / 16), AllocationGate = gate };
        Errno errno = BouncePool.TryCreate(Memory, options, out BouncePool? pool);
        if (errno != Errno.None)
        {
            throw new PhysrException("make bounce pool", $"{options.Length} bytes below {options.Last}", errno, "no free run of RAM is that long so low");
        }

        Memory.Keep(pool!.Range);
        return pool;
    }

    private static ulong MaskOf(FabricSpec spec) => ulong.MaxValue >> (64 - spec.DmaMaskBits);

    private static P2PRules Rules(HostSpec host)
    {
        KernelRelease release = host.KernelRelease is { } text && KernelRelease.TryParse(text, out KernelRelease parsed) ? parsed : KernelRelease.Newest;
        return new(release, host.CpuVendor == "AuthenticAMD" && host.CpuFamily >= 0x17);
    }

    private bool Forwards(FabricNode requester, FabricNode target)
    {
        PciHostBridge from = FunctionOf(requester).HostBridge;
        PciHostBridge to = FunctionOf(target).HostBridge;
        bool same = ReferenceEquals(from, to);
        return Passes(from, same) && Passes(to, same);
    }

    private bool Passes(PciHostBridge bridge, bool same) => Router.JudgeHostBridge(bridge, same) is HostBridgeVerdict.Zen or HostBridgeVerdict.Listed;
}
