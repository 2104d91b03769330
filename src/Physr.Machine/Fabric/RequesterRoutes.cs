// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Fabric;

/// <summary>The routes that one requester has found so far.</summary>
internal sealed class RequesterRoutes
{
    /// <summary>By addresses as the requester puts them on its bus.</summary>
    public List<FabricRoute> Direct { get; } = [];

    /// <summary>Behind an IOMMU: by addresses as the root complex decodes them, after translation.</summary>
    public List<FabricRoute> Translated { get; } = [];

    /// <summary>Behind an IOMMU: the bus addresses that something below the root complex claims, so that the IOMMU never sees them; null until asked for.</summary>
    public DmaRange[]? ClaimedBelow { get; set; }

    public static FabricRoute? Find(List<FabricRoute> known, ulong address)
    {
        foreach (FabricRoute route in known)
        {
            if (route.Range.Contains(new DmaAddress(address)))
            {
                return route;
            }
        }

        return null;
    }
}
