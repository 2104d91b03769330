// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Pci.Config;
using Physr.Pci.Routing;
using Physr.Pci.Spec;
using Physr.Pci.Topology;

namespace Physr.Pci.Tests.Infrastructure;

/// <summary>Builds small hosts in memory, port by port.</summary>
public sealed class SyntheticHost
{
    private readonly List<PciFunctionRecord> _records = [];
    private ulong _nextBar = 0x8000_0000;

    public List<PciDiagnostic> Diagnostics { get; } = [];

    public IReadOnlyList<PciFunctionRecord> Records => _records;

    /// <summary>A host bridge device at 00.0 of a root bus.</summary>
    public SyntheticHost HostDevice(string address, ushort vendor = 0x8086, ushort device = 0x29c0) =>
        Add(address, null, PciHeaderType.Endpoint, null, vendor, device, 0x060000, null, memory: false);

    public SyntheticHost RootPort(string address, AcsControl? acs = null, ushort vendor = 0x1b36, ushort device = 0x000c) =>
        Add(address, null, PciHeaderType.Bridge, PciePortType.RootPort, vendor, device, 0x060400, acs, memory: false);

    public SyntheticHost Port(string address, string? parent, PciePortType type, AcsControl? acs = null) =>
        Add(address, parent, PciHeaderType.Bridge, type, 0x104c, 0x8232, 0x060400, acs, memory: false);

    public SyntheticHost Endpoint(string address, string? parent, AcsControl? acs = null, bool memory = true, string? physical = null) =>
        Add(address, parent, PciHeaderType.Endpoint, PciePortType.Endpoint, 0x1b36, 0x0010, 0x010802, acs, memory, physical);

    /// <summary>The usual switch: root port 00:01.0, upstream 01:00.0, one downstream port 02:NN.0 per entry of <paramref name="acs"/> with endpoint (NN+3):00.0 below.</summary>
    public SyntheticHost Switch(params AcsControl?[] acs)
    {
        RootPort("0000:00:01.0").Port("0000:01:00.0", "0000:00:01.0", PciePortType.UpstreamPort);
        for (int i = 0; i < acs.Length; i++)
        {
            Port($"0000:02:{i:x2}.0", "0000:01:00.0", PciePortType.DownstreamPort, acs[i]);
            Endpoint($"0000:{i + 3:x2}:00.0", $"0000:02:{i:x2}.0");
        }

        return this;
    }

    public SyntheticHost Add(
        string address, string? parent, PciHeaderType header, PciePortType? type, ushort vendor, ushort device, uint classCode, AcsControl? acs, bool memory, string? physical = null)
    {
        var builder = new ConfigSpaceBuilder(header, vendor, device, classCode);
        if (type is { } port)
        {
            builder.Express(port, 3, 4);
        }

        if (acs is { } control)
        {
            builder.Acs((AcsControl)0x7f, control);
        }

        PciResource[] resources = [];
        if (memory)
        {
            builder.Bar(0, BarKind.Memory64, 0x4000);
            resources = [new(0, new PhysicalRange(new PhysicalAddress(_nextBar), 0x4000), PciResourceFlags.Memory | PciResourceFlags.Memory64)];
            _nextBar += 0x10000;
        }

        _records.Add(new PciFunctionRecord
        {
            Address = PciAddress.Parse(address),
            Parent = parent is null ? null : PciAddress.Parse(parent),
            PhysicalFunction = physical is null ? null : PciAddress.Parse(physical),
            VendorId = vendor,
            DeviceId = device,
            ClassCode = classCode,
            Config = builder.Build(),
            Resources = resources,
        });
        return this;
    }

    public PciTopology Build() => PciTopology.Build(_records, Diagnostics);

    public P2PRouter Router(bool zen = false, string release = "6.12")
    {
        Assert.True(KernelRelease.TryParse(release, out KernelRelease parsed));
        return new P2PRouter(Build(), new P2PRules(parsed, zen));
    }
}
