// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Cli;

/// <summary>One range as <c>physr memmap</c> prints it.</summary>
/// <param name="Range">The bytes.</param>
/// <param name="Name">The name in <c>/proc/iomem</c>.</param>
/// <param name="Depth">Nesting.</param>
/// <param name="Provider">Who provides it to peers; null where nobody does.</param>
/// <param name="Type">The memory type; empty where the range is no memory of anybody.</param>
/// <param name="DescriptorBytes">What its page descriptors take; null where it cannot have any, or where a line above counts them.</param>
internal sealed record MemmapCommandRow(PhysicalRange Range, string Name, int Depth, string? Provider, string Type, ulong? DescriptorBytes)
{
    internal static IReadOnlyList<MemmapCommandRow> Of(MemoryMap map)
    {
        List<MemmapCommandRow> rows = [];
        HashSet<P2PProvider> shown = [];
        Dictionary<PhysicalRange, P2PProvider> providers = map.Providers.ToDictionary(provider => provider.Range);
        foreach ((Resource resource, int depth) in map.Resources.Walk())
        {
            // A driver's claim has the BAR's very range; the BAR itself, outermost, is the provider.
            P2PProvider? provider = providers.TryGetValue(resource.Range, out P2PProvider? found) && shown.Add(found) ? found : null;
            rows.Add(Row(map, resource.Range, resource.Name, depth, resource, provider));
        }

        foreach (P2PProvider provider in map.Providers.Where(provider => !shown.Contains(provider)))
        {
            rows.Add(Row(map, provider.Range, provider.Owner, 0, resource: null, provider));
        }

        return rows;
    }

    private static MemmapCommandRow Row(MemoryMap map, PhysicalRange range, string name, int depth, Resource? resource, P2PProvider? provider)
    {
        string? owner = provider is null ? null : provider.Bar >= 0 ? $"{provider.Owner} BAR {provider.Bar}" : provider.Owner;
        bool isOutermostRam = resource is { IsSystemRam: true } && resource.Parent is not { IsSystemRam: true };
        if (isOutermostRam)
        {
            ulong first = Alignment.Up(range.Start.Value, PageSize.Size4K);
            ulong end = Alignment.Down(range.End.Value, PageSize.Size4K);
            return new(range, name, depth, owner, "RAM", end > first ? ((end - first) >> PageSize.Shift4K) * PageDescriptor.SizeBytes : 0);
        }

        bool isOutermost = resource?.Parent is null || resource.Parent.Range != range;
        if (isOutermost && map.TryGetPagemap(range.Start.Frame, out PagemapReference held))
        {
            using (held)
            {
                if (held.Pagemap.Ranges[0].Start == range.Start)
                {
                    return new(range, name, depth, owner, $"{held.Pagemap.Type}", (ulong)held.Pagemap.DescriptorBytes);
                }
            }
        }

        return provider is null ? new(range, name, depth, null, TypeByName(resource), null) : new(range, name, depth, owner, "page-less", 0);
    }

    private static string TypeByName(Resource? resource) => resource?.Descriptor switch
    {
        ResourceDescriptor.DevicePrivateMemory => $"{MemoryType.DevicePrivate}",
        ResourceDescriptor.PersistentMemory or ResourceDescriptor.PersistentMemoryLegacy => "persistent",
        _ => "",
    };
}
