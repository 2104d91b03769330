// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Devices;
using Physr.Machine.Fabric;
using Physr.Memory;

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

        foreach (FabricNode node in fabric.Nodes)
        {
            foreach (BarProfile bar in node.Device?.Profile.Bars ?? [])
            {
                PhysicalRange range = new(new(unchecked(BarAssignment.Read(node, bar) - node.HostBridge.Spec.BusOffset)), bar.Size);
                Require(map.Resources.Insert(node.Address.ToString(), range, ResourceFlags.Memory, ResourceDescriptor.None, out _, out _), $"{node.Name} BAR {bar.Index}");
            }
        }

        return map;
    }

    private static void Require(Errno errno, string what)
    {
        if (errno != Errno.None)
        {
            throw new PhysrException("build memory map", what, errno, "the resource overlaps another");
        }
    }
}
