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
        Dictionary<PhysicalRange, Resource> lines = LinesOf(map, providers);
        foreach ((Resource resource, int depth) in map.Resources.Walk())
        {
            bool isLine = lines.TryGetValue(resource.Range, out Resource? line) && ReferenceEquals(line, resource);
            P2PProvider? provider = isLine ? providers[resource.Range] : null;
            if (provider is not null)
            {
                shown.Add(provider);
            }

            rows.Add(Row(map, resource.Range, resource.Name, depth, resource, provider, isLine || !lines.ContainsKey(resource.Range)));
        }

        foreach (P2PProvider provider in map.Providers.Where(provider => !shown.Contains(provider)))
        {
            rows.Add(Row(map, provider.Range, provider.Owner, 0, resource: null, provider, showsPagemap: true));
        }

        return rows;
    }

    /// <summary>Which line of each provider's range is the provider's: windows around the BAR and a driver's claim inside it can have its very range.</summary>
    private static Dictionary<PhysicalRange, Resource> LinesOf(MemoryMap map, Dictionary<PhysicalRange, P2PProvider> providers)
    {
        Dictionary<PhysicalRange, Resource> lines = [];
        foreach ((Resource resource, _) in map.Resources.Walk().Where(each => providers.ContainsKey(each.Resource.Range)))
        {
            bool isBetter = lines.TryGetValue(resource.Range, out Resource? known)
                && !WellKnownResource.IsPciFunction(known.Name) && WellKnownResource.IsPciFunction(resource.Name);
            if (known is null || isBetter)
            {
                lines[resource.Range] = resource;
            }
        }

        return lines;
    }

    private static MemmapCommandRow Row(
        MemoryMap map, PhysicalRange range, string name, int depth, Resource? resource, P2PProvider? provider, bool showsPagemap)
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
        if (showsPagemap && (isOutermost || provider is not null) && map.TryGetPagemap(range.Start.Frame, out PagemapReference held))
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
