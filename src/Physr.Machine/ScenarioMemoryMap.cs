// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Fabric;
using Physr.Machine.Offload;
using Physr.Machine.Scenarios;
using Physr.Memory;

namespace Physr.Machine;

/// <summary>The memory map that a scenario's host would have, without running it or opening its files.</summary>
public static class ScenarioMemoryMap
{
    /// <summary>Builds the map: RAM, bus windows, BARs, a provider for each device that offers memory to peers, and a pagemap over those that some route uses with
    /// page descriptors.</summary>
    public static MemoryMap Of(Scenario scenario)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        Scenario withoutFiles = scenario with
        {
            Fabric = [.. scenario.Fabric.Select(static node => node with { Namespaces = [.. node.Namespaces.Select(static each => each with { BackingPath = null })] })],
        };
        using DeviceFactory factory = new(scenario.Seed);
        using SimulatedMachine machine = new(withoutFiles.Host, withoutFiles.Fabric, factory.Make, scenario.Seed);
        foreach (FabricNode node in machine.Fabric.Nodes.Where(static node => PeerMemory.PublishedBar(node) is not null))
        {
            bool hasPages = scenario.Routes.Any(route => route.Pages && (route.Provider == node.Name || route.Automatic));
            PeerMemory.Publish(machine, node, hasPages ? P2PPoolBacking.PageDescriptors : P2PPoolBacking.ProviderOnly);
        }

        return machine.Map;
    }
}
