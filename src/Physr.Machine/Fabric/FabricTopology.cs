// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Scenarios;
using Physr.Pci.Spec;
using Physr.Pci.Topology;

namespace Physr.Machine.Fabric;

/// <summary>The machine's PCI tree as a kernel would see it: built from the same configuration bytes that the fabric decodes by.</summary>
internal static class FabricTopology
{
    public static PciTopology Read(PciFabric fabric)
    {
        List<PciDiagnostic> diagnostics = [];
        PciTopology topology = PciTopology.Build(fabric.Nodes.Select(Record), diagnostics);
        if (diagnostics.Count != 0)
        {
            throw new PhysrException("read topology", "fabric", Errno.EINVAL, diagnostics[0].ToString());
        }

        return topology;
    }

    private static PciFunctionRecord Record(FabricNode node) => new()
    {
        Address = node.Address,
        Parent = Bridge(node)?.Address,
        HostBridge = $"pci0000:{node.HostBridge.Address.Bus:x2}",
        Config = node.Config,
        Resources = [.. Bars(node)],
        LinkSpeed = node.Parent?.Link is { } link ? $"Gen{link.Generation}" : null,
        LinkWidth = node.Parent?.Link?.Lanes ?? 0,
    };

    /// <summary>The PCI bridge above; a host bridge is none.</summary>
    private static FabricNode? Bridge(FabricNode node) => node.Parent is { Spec.Kind: not FabricKind.HostBridge } parent ? parent : null;

    private static IEnumerable<PciResource> Bars(FabricNode node)
    {
        foreach (Devices.BarProfile bar in node.Device?.Profile.Bars ?? [])
        {
            PciResourceFlags flags = bar.IsIo ? PciResourceFlags.Io : PciResourceFlags.Memory;
            yield return new PciResource(bar.Index, BarAssignment.CpuRange(node, bar), flags);
        }
    }
}
