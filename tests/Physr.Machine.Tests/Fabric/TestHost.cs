// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Machine.Fabric;
using Physr.Machine.Scenarios;

namespace Physr.Machine.Tests.Fabric;

/// <summary>Two devices below one switch and one below another root port, as the scenario's host has them.</summary>
internal sealed class TestHost : IDisposable
{
    public TestHost(string cpu = "AuthenticAMD", int family = 25, ulong busOffset = 0, ushort acsA = 0, ushort acsB = 0, ushort acsRoot = 0, IommuSpec? iommu = null, int maskBits = 64)
    {
        HostSpec host = new(cpu, family, null, 6UL << 30, 38_000_000_000, 90) { Iommu = iommu };
        FabricSpec[] fabric =
        [
            new() { Name = "hb0", Kind = FabricKind.HostBridge, VendorId = 0x1022, DeviceId = 0x14a4, BusOffset = busOffset },
            new() { Name = "rp0", Kind = FabricKind.RootPort, Under = "hb0", LinkGeneration = 4, LinkLanes = 16, AcsControl = acsRoot },
            new() { Name = "sw0", Kind = FabricKind.Switch, Under = "rp0" },
            new() { Name = "p0", Kind = FabricKind.DownstreamPort, Under = "sw0", LinkGeneration = 4, LinkLanes = 4, AcsControl = acsA },
            new() { Name = "p1", Kind = FabricKind.DownstreamPort, Under = "sw0", LinkGeneration = 4, LinkLanes = 4, AcsControl = acsB },
            new() { Name = "a", Kind = FabricKind.Gpu, Under = "p0", DmaMaskBits = maskBits },
            new() { Name = "b", Kind = FabricKind.Gpu, Under = "p1" },
            new() { Name = "rp1", Kind = FabricKind.RootPort, Under = "hb0", LinkGeneration = 4, LinkLanes = 16 },
            new() { Name = "c", Kind = FabricKind.Gpu, Under = "rp1" },
        ];
        Machine = new(host, fabric, static spec => new MemoryDevice(spec.Name), seed: 1);
    }

    public SimulatedMachine Machine { get; }

    public MemoryDevice Device(string name) => (MemoryDevice)Machine.Fabric[name].Device!;

    /// <summary>Where a device's memory BAR lies for the CPU.</summary>
    public PhysicalRange Memory(string name) => SimulatedMachine.BarRange(Machine.Fabric[name], 2);

    /// <summary>Maps another device's memory for a device, by the kernel's rules.</summary>
    public DmaEntry Map(string client, string provider)
    {
        FabricNode node = Machine.Fabric[provider];
        RangeList list = RangeList.Of(Memory(provider), Machine.ProviderOf(node, 2).Index);
        if (!Machine.Mapper.TryMap(Machine.DmaOf(Machine.Fabric[client]), list, DmaDirection.Bidirectional, out DmaMapping? mapping, out DmaMapError? error))
        {
            throw new PhysrException("map", client, error!.Errno, error.Detail);
        }

        using (mapping)
        {
            return mapping!.Addresses.Seek(0);
        }
    }

    /// <summary>Payload bytes that a link's direction has carried.</summary>
    public ulong Carried(string from, string to) =>
        Machine.Fabric.Links.SelectMany(static link => new[] { link.Up, link.Down }).Single(meter => meter.From == from && meter.To == to).PayloadBytes;

    public void Dispose() => Machine.Dispose();
}
