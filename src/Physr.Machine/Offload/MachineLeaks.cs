// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Fabric;
using Physr.Machine.Rdma;
using Physr.Memory;

namespace Physr.Machine.Offload;

/// <summary>What a machine still holds once everything should have been given back.</summary>
internal static class MachineLeaks
{
    /// <summary>One sentence for each kind of thing.</summary>
    public static IEnumerable<string> Find(SimulatedMachine machine)
    {
        if (machine.Mapper.ActiveMappings != 0)
        {
            yield return $"{machine.Mapper.ActiveMappings} DMA mappings";
        }

        if (machine.Mapper.Bounce?.Statistics.UsedSlots is { } slots and not 0)
        {
            yield return $"{slots} bounce slots";
        }

        if (machine.Iommu is { LiveRuns: var runs and not 0 } translating)
        {
            yield return $"{runs} runs of IO virtual addresses, {translating.LiveBytes} bytes";
        }

        foreach (P2PProvider provider in machine.Map.Providers.Where(static provider => provider.ActiveUses != 0))
        {
            yield return $"{provider.ActiveUses} uses of {provider}";
        }

        if (machine.Map.DescriptorCount != 0)
        {
            yield return $"{machine.Map.DescriptorCount} page descriptors";
        }

        foreach (string purpose in machine.Memory.OutstandingPurposes)
        {
            yield return $"host memory: {purpose}";
        }

        // What a device that nobody can reach still holds inside is its own affair: the host has let go of all of it.
        bool IsReachable(FabricNode node) => node.IsPresent && node.Parent?.Link?.IsUp != false;
        foreach (RdmaNic nic in machine.Fabric.Nodes.Where(IsReachable).Select(static node => node.Device).OfType<RdmaNic>())
        {
            if (nic.LiveRegions + nic.LiveQueuePairs != 0)
            {
                yield return $"{nic.Name}: {nic.LiveRegions} memory regions, {nic.LiveQueuePairs} queue pairs";
            }
        }
    }
}
