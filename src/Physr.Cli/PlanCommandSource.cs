// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine;
using Physr.Machine.Scenarios;
using Physr.Memory;
using Physr.Storage.Pmem;

namespace Physr.Cli;

/// <summary>The memories of a scenario: RAM, what devices offer to peers, what GPUs have behind their apertures, persistent memory on cards.</summary>
internal static class PlanCommandSource
{
    /// <summary>Plans every memory.</summary>
    /// <param name="scenario">The scenario.</param>
    public static IReadOnlyList<PlanCommandMemory> Of(Scenario scenario)
    {
        MemoryMap map = ScenarioMemoryMap.Of(scenario);
        List<PlanCommandMemory> memories = [];
        Add(memories, "ram", PlannedMemory.Ram, scenario.Host.RamBytes);
        foreach (P2PProvider provider in map.Providers)
        {
            // The published BARs and CMBs; whether a pagemap lies over one says which way its routes use it.
            if (scenario.Fabric.Any(node => string.Equals(node.Name, provider.Owner, StringComparison.Ordinal) && IsOffered(node, provider)))
            {
                Add(memories, $"{provider.Owner} BAR {provider.Bar}", HasPages(map, provider) ? PlannedMemory.PciP2P : PlannedMemory.PageLess, provider.Range.Length);
            }
        }

        foreach (FabricSpec gpu in scenario.Fabric.Where(static node => node is { Kind: FabricKind.Gpu, MemoryBytes: not 0 }))
        {
            Add(memories, $"{gpu.Name} memory", PlannedMemory.Private, gpu.MemoryBytes);
        }

        // Cards of persistent memory are page-less; who maps their files makes descriptors for as long.
        foreach (FabricSpec card in scenario.Fabric.Where(static node => node is { Kind: FabricKind.Pmem, MemoryBytes: not 0 }))
        {
            Add(memories, $"{card.Name} memory", PlannedMemory.PageLess, card.MemoryBytes);
        }

        return memories;
    }

    private static bool IsOffered(FabricSpec node, P2PProvider provider) => node.Kind switch
    {
        FabricKind.Gpu => provider.Range.Length == node.ApertureBytes,
        FabricKind.Nvme => node.CmbBytes != 0 && provider.Bar == node.CmbBar,
        _ => false,
    };

    private static bool HasPages(MemoryMap map, P2PProvider provider)
    {
        bool hasPages = map.TryGetPagemap(provider.Range.Start.Frame, out PagemapReference held);
        if (hasPages)
        {
            held.Dispose();
        }

        return hasPages;
    }

    private static void Add(List<PlanCommandMemory> memories, string name, PlannedMemory memory, ulong size)
    {
        // What a driver lends comes by 2 MiB; the rest stays its own.
        ulong planned = memory == PlannedMemory.Private ? Alignment.Down(size, PageSize.Size2M) : size;
        memories.Add(DescriptorPlan.TryMake(new(memory, planned), out DescriptorPlan? plan, out string reason)
            ? new(name, plan!)
            : throw new PhysrException("plan", name, Errno.EINVAL, reason));
    }
}
