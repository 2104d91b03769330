// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing;
using Physr.Machine.Bus;
using Physr.Machine.Fabric;
using Physr.Machine.Scenarios;
using Physr.Machine.Simulation;
using Physr.Machine.Tests.Fabric;
using Physr.Memory;
using Physr.Pci.Spec;

namespace Physr.Machine.Tests.Storms;

/// <summary>The machine in a storm: three devices that all master the bus and all lend slices of their BARs, and the memory that they reach.</summary>
internal sealed class StormHost : IDisposable
{
    public const int Devices = 3;
    private const ulong PartLength = 64 << 10;
    private const ulong RamLength = 256 << 10;
    private static readonly string[] s_names = ["a", "b", "c"];
    private static readonly string?[] s_ports = ["p0", "p1", null];

    private readonly TestHost _host;

    public StormHost(IommuSpec? iommu, SeededRandom random, ulong busOffset)
    {
        _host = new(busOffset: busOffset, iommu: iommu);
        Assert.Equal(Errno.None, Machine.Memory.TryAllocate(RamLength, "storm", out PhysicalRange ram));
        Ram = ram;
        Memories.Add(new("RAM", ram, ProviderIndex.Ram, -1, (offset, to) => Machine.Memory.Read(ram.Start.Add(offset), to), (offset, from) => Machine.Memory.Write(ram.Start.Add(offset), from), random));
        for (int i = 0; i < Devices; i++)
        {
            MemoryDevice device = _host.Device(s_names[i]);
            P2PProvider provider = Machine.ProviderOf(Node(i), 2);
            Memories.Add(new(s_names[i], provider.Range.Slice(0, PartLength), provider.Index, i, device.Memory.Read, device.Memory.Write, random));
            BarSliceExporter exporter = new(Machine.Providers(Node(i)), Machine.Mapper, Machine.Routes);
            Exporters.Add(exporter);
            Assert.Equal(Errno.None, exporter.TryExport(2, 0, [new(0x1000, 0x1000), new(0x4000, 0x2000), new(0x3000, 0x1000)], out DmaBuf? buffer));
            Buffers.Add(buffer!);
        }
    }

    public SimulatedMachine Machine => _host.Machine;

    public PhysicalRange Ram { get; }

    public List<StormMemory> Memories { get; } = [];

    public List<BarSliceExporter> Exporters { get; } = [];

    public List<DmaBuf> Buffers { get; } = [];

    public FabricNode Node(int device) => Machine.Fabric[s_names[device]];

    public Dma.DmaDevice Dma(int device) => Machine.DmaOf(Node(device));

    public IDeviceBus Bus(int device) => _host.Device(s_names[device]).Bus;

    public bool IsPresent(int device) => Node(device).IsPresent;

    /// <summary>Whether the port above a device sends its requests to peers up.</summary>
    public bool IsRedirected(int device) =>
        s_ports[device] is { } port && (Machine.Fabric[port].AcsControl & AcsControl.RequestRedirect) != AcsControl.None;

    public bool HasPort(int device) => s_ports[device] is not null;

    public void FlipRedirect(int device)
    {
        FabricNode port = Machine.Fabric[s_ports[device]!];
        port.Config.FindAcs(out int offset, out AcsControl control);
        port.Config.WriteWord(offset + AcsCapability.Control, (ushort)(control ^ AcsControl.RequestRedirect));
    }

    /// <summary>Switches a device's memory decoding, as a driver does around a reset: what it lends is revoked first.</summary>
    public void SetMemory(int device, bool isEnabled)
    {
        ushort command = (ushort)Node(device).Config.Command;
        if (!isEnabled)
        {
            Assert.Equal(Errno.None, Exporters[device].SetMemoryEnabled(false));
        }

        Node(device).Config.WriteWord(ConfigRegister.Command, (ushort)(isEnabled ? command | (ushort)PciCommand.MemorySpace : command & ~(ushort)PciCommand.MemorySpace));
        if (isEnabled)
        {
            Assert.Equal(Errno.None, Exporters[device].SetMemoryEnabled(true));
        }
    }

    public bool DecodesMemory(int device) => (Node(device).Config.Command & PciCommand.MemorySpace) != PciCommand.None;

    public void Dispose() => _host.Dispose();
}
