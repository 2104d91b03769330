// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Pci;
using Physr.Pci.Config;
using Physr.Pci.Routing;
using Physr.Pci.Spec;
using Physr.Pci.Topology;

namespace Physr.Bench;

/// <summary>A host of 256 endpoints with a memory BAR each: 4 host bridges, 4 root ports on each, a switch of 16 downstream ports below each. ACS redirects at every
/// second switch, so that all three verdicts occur.</summary>
internal static class PeerHost
{
    public const int Endpoints = 256;

    private const int HostBridges = 4;
    private const int RootPorts = 4;
    private const int Ports = 16;

    /// <summary>What a source would say of each function.</summary>
    public static PciFunctionRecord[] Describe()
    {
        List<PciFunctionRecord> records = [];
        for (uint domain = 0; domain < HostBridges; domain++)
        {
            byte bus = 1;
            for (byte root = 0; root < RootPorts; root++)
            {
                PciAddress rootPort = new(domain, 0, (byte)(root + 1), 0);
                records.Add(Bridge(rootPort, null, PciePortType.RootPort, AcsControl.None));
                PciAddress upstream = new(domain, bus++, 0, 0);
                records.Add(Bridge(upstream, rootPort, PciePortType.UpstreamPort, AcsControl.None));
                byte inside = bus++;
                for (byte port = 0; port < Ports; port++)
                {
                    PciAddress downstream = new(domain, inside, port, 0);
                    records.Add(Bridge(downstream, upstream, PciePortType.DownstreamPort, root % 2 == 0 ? AcsControl.None : AcsControl.RequestRedirect));
                    records.Add(Endpoint(new(domain, bus++, 0, 0), downstream, records.Count));
                }
            }
        }

        return [.. records];
    }

    /// <summary>The tree of them.</summary>
    public static PciTopology Build(PciFunctionRecord[] records) => PciTopology.Build(records, []);

    /// <summary>A router that has judged nothing yet. Of the host bridges none is listed, and the processor is no Zen.</summary>
    public static P2PRouter Route(PciTopology topology) => new(topology, new(KernelRelease.Newest, IsZen: false));

    private static PciFunctionRecord Bridge(PciAddress address, PciAddress? parent, PciePortType type, AcsControl control)
    {
        const AcsControl redirects = AcsControl.RequestRedirect | AcsControl.CompletionRedirect;
        ConfigSpaceBuilder config = new ConfigSpaceBuilder(PciHeaderType.Bridge, 0x1b36, 0x000c, 0x060400).Express(type, 4, 16);
        config = type == PciePortType.UpstreamPort ? config : config.Acs(redirects, control);
        return new() { Address = address, Parent = parent, Config = config.Build(), LinkSpeed = "16.0 GT/s PCIe", LinkWidth = 16 };
    }

    private static PciFunctionRecord Endpoint(PciAddress address, PciAddress parent, int number) => new()
    {
        Address = address,
        Parent = parent,
        Config = new ConfigSpaceBuilder(PciHeaderType.Endpoint, 0x1b36, 0x0010, 0x010802).Express(PciePortType.Endpoint, 4, 4).Build(),
        Resources = [new(0, new(new((64 * PageSize.Size1G) + ((ulong)number << 20)), 16 << 10), PciResourceFlags.Memory)],
        LinkSpeed = "16.0 GT/s PCIe",
        LinkWidth = 4,
    };
}
