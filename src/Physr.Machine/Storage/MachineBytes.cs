// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Fabric;
using Physr.Machine.Pmem;
using Physr.Machine.Svm;
using Physr.Storage;

namespace Physr.Machine.Storage;

/// <summary>The CPU's view of a machine's memory: its RAM, and the persistent memory on its cards.</summary>
internal static class MachineBytes
{
    public static HostBytes Of(SimulatedMachine machine)
    {
        HostBytes bytes = new();
        FabricRamBytes ram = new(machine.Memory);
        bytes.Attach(machine.Fabric.Layout.Low, ram);
        if (!machine.Fabric.Layout.High.IsEmpty)
        {
            bytes.Attach(machine.Fabric.Layout.High, ram);
        }

        foreach (FabricNode node in machine.Fabric.Nodes.Where(static node => node.Device is PmemDevice))
        {
            bytes.Attach(SimulatedMachine.BarRange(node, PmemDevice.MemoryBar).Start, ((PmemDevice)node.Device!).Medium);
        }

        return bytes;
    }

    /// <summary>A card's memory as sectors and ranges; its addresses are its provider's.</summary>
    public static MediaDaxDevice DaxOf(SimulatedMachine machine, FabricNode node) => new(
        ((PmemDevice)node.Device!).Medium, SimulatedMachine.BarRange(node, PmemDevice.MemoryBar).Start, machine.ProviderOf(node, PmemDevice.MemoryBar).Index);
}
