// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Scenarios;

namespace Physr.Machine.Offload;

/// <summary>A scenario's host and fabric as one route changes them.</summary>
internal static class RouteFabric
{
    public static (HostSpec Host, FabricSpec[] Fabric) Of(Scenario scenario, RouteSpec route)
    {
        HostSpec host = route.CpuVendor is { } vendor ? scenario.Host with { CpuVendor = vendor, CpuFamily = route.CpuFamily } : scenario.Host;
        host = route.Iommu is { } iommu ? host with { Iommu = iommu } : host;
        return (host, [.. scenario.Fabric.Select(node => node with
        {
            AcsControl = route.AcsControl.TryGetValue(node.Name, out ushort acs) ? acs : node.AcsControl,
            DmaMaskBits = route.DmaMaskBits.GetValueOrDefault(node.Name, node.DmaMaskBits),
        })]);
    }
}
