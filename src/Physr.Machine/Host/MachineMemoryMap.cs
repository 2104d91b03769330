// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Devices;
using Physr.Machine.Fabric;
using Physr.Machine.Scenarios;
using Physr.Memory;
using Physr.Pci.Spec;

namespace Physr.Machine.Host;

/// <summary>The kernel's resource tree of a machine: RAM, bus windows and BARs, with the names of <c>/proc/iomem</c>.</summary>
internal static class MachineMemoryMap
{
    public static MemoryMap Build(PciFabric fabric)
    {
        MemoryMap map = new();
        Require(map.AddRam(fabric.Layout.Low, out _), "low RAM");
        if (!fabric.Layout.High.IsEmpty)
        {
            Require(map.AddRam(fabric.Layout.High, out _), "high RAM");
        }

        // From the leaves up: of two equal ranges the later goes around the earlier, as a window goes around the one BAR that fills it.
        foreach (FabricNode node in fabric.Nodes.Reverse())
        {
            if (node.IsPort || node.Spec.Kind == FabricKind.Switch)
            {
                string bus = $"PCI Bus 0000:{node.Config.ReadByte(ConfigRegister.SecondaryBus):x2}";
                foreach ((ulong start, ulong length) in BridgeWindow.Open(node.Config))
                {
                    Insert(map, bus, start >= RamLayout.HighBase ? unchecked(start - node.HostBridge.Spec.BusOffset) : start, length);
                }
            }

            foreach (BarProfile bar in node.Device?.Profile.Bars ?? [])
            {
                Insert(map, node.Address.ToString(), BarAssignment.CpuRange(node, bar).Start.Value, bar.Size);
            }
            if (node.Spec.Kind == FabricKind.HostBridge)
            {
                string bus = $"PCI Bus 0000:{node.Address.Bus:x2}";
                foreach (PhysicalRange window in node.RootWindows)
                {
                    Insert(map, bus, window.Start.Value, window.Length);
                }
            }
        }

        return map;
    }

    private static void Insert(MemoryMap map, string name, ulong start, ulong length) =>
        Require(map.Resources.Insert(name, new(new(start), length), ResourceFlags.Memory, ResourceDescriptor.None, out _, out _), name);

    private static void Require(Errno errno, string what)
    {
        if (errno != Errno.None)
        {
            throw new PhysrException("build memory map", what, errno, "the resource overlaps another");
        }
    }
}
