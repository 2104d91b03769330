// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Pci.Spec;
using Physr.Pci.Topology;

namespace Physr.Pci.Routing;

/// <summary>Puts verdicts into words.</summary>
internal static partial class P2PExplanation
{
    internal static List<PciFunction> ProviderLeg(PciFunction provider, PciFunction client)
    {
        HashSet<PciFunction> above = [.. Chain(client)];
        var leg = new List<PciFunction>();
        foreach (PciFunction node in Chain(provider))
        {
            leg.Add(node);
            if (above.Contains(node))
            {
                break;
            }
        }

        return leg;
    }

    internal static List<PciFunction> ClientLeg(PciFunction provider, PciFunction client)
    {
        HashSet<PciFunction> above = [.. Chain(provider)];
        return [.. Chain(client).TakeWhile(node => !above.Contains(node))];
    }

    internal static IReadOnlyList<P2PReason> Reasons(P2PRouter router, P2PVerdict verdict)
    {
        var reasons = new List<P2PReason>();
        if (!verdict.Provider.HasMemoryBar)
        {
            reasons.Add(new(P2PReasonKind.NoMemoryBar, $"{verdict.Provider}", $"{verdict.Provider} has no memory BAR: there is nothing to reach"));
        }

        AddPlace(verdict, reasons);
        foreach (PciFunction offender in verdict.AcsRedirects)
        {
            string bits = AcsCapability.Describe(offender.AcsControl & AcsControl.Redirects);
            reasons.Add(new(P2PReasonKind.AcsRedirect, $"{offender}", $"ACS {bits} of {offender} ({Describe(offender)}) redirects peer requests to the root complex"));
        }

        if (verdict.Route.IsAssumed)
        {
            foreach (PciFunction unknown in verdict.ProviderLeg.Concat(verdict.ClientLeg).Where(static f => !f.IsAcsKnown))
            {
                reasons.Add(new(P2PReasonKind.AcsUnknown, $"{unknown}", $"ACS of {unknown} ({Describe(unknown)}) could not be read: no redirect assumed{(unknown.Config?.Length < ConfigRegister.ConventionalLength ? "; run as root to read ACS" : "")}"));
            }
        }

        if (verdict.MapType != P2PMapType.BusAddress)
        {
            AddHostBridges(router, verdict, reasons);
        }

        return reasons;
    }

    internal static string Describe(PciFunction function) => function.PortType switch
    {
        PciePortType.RootPort => "root port",
        PciePortType.UpstreamPort => "switch upstream port",
        PciePortType.DownstreamPort => "switch downstream port",
        PciePortType.PcieToPciBridge or PciePortType.PciToPcieBridge => "PCI bridge",
        _ when function.HeaderType != PciHeaderType.Endpoint => "PCI bridge",
        _ => PciClassNames.Describe(function.ClassCode),
    };

    private static IEnumerable<PciFunction> Chain(PciFunction function)
    {
        for (PciFunction? at = function; at is not null; at = at.Upstream)
        {
            yield return at;
        }
    }

    private static void AddPlace(P2PVerdict verdict, List<P2PReason> reasons)
    {
        if (ReferenceEquals(verdict.Provider, verdict.Client))
        {
            reasons.Add(new(P2PReasonKind.SameFunction, $"{verdict.Provider}", "provider and client are one function"));
        }
        else if (verdict.CommonBridge is { } bridge)
        {
            string direct = verdict.MapType == P2PMapType.BusAddress ? ", and nothing on the way redirects" : "";
            reasons.Add(new(P2PReasonKind.CommonBridge, $"{bridge}", $"both are below {bridge} ({Describe(bridge)}), {verdict.Hops} apart{direct}"));
        }
        else
        {
            string roots = ReferenceEquals(verdict.Provider.HostBridge, verdict.Client.HostBridge)
                ? $"the root bus of {verdict.Provider.HostBridge}"
                : $"{verdict.Provider.HostBridge} and {verdict.Client.HostBridge}";
            reasons.Add(new(P2PReasonKind.NoCommonBridge, "", $"no bridge is above both: the way goes over {roots}, {verdict.Hops}"));
        }
    }

    private static void AddHostBridges(P2PRouter router, P2PVerdict verdict, List<P2PReason> reasons)
    {
        if (router.Rules.IsZen)
        {
            reasons.Add(new(P2PReasonKind.ZenProcessor, "", "the processor is AMD Zen (family 0x17 or later): its host bridges pass peer-to-peer traffic"));
            return;
        }

        PciHostBridge a = verdict.Provider.HostBridge;
        PciHostBridge b = verdict.Client.HostBridge;
        bool same = ReferenceEquals(a, b);
        reasons.Add(DescribeHost(router, a, same));
        if (!same)
        {
            reasons.Add(DescribeHost(router, b, same));
        }
    }

    private static P2PReason DescribeHost(P2PRouter router, PciHostBridge host, bool same)
    {
        KernelRelease release = router.Rules.Judged;
        PciFunction? device = host.Representative;
        switch (router.JudgeHostBridge(host, same))
        {
            case HostBridgeVerdict.Listed:
                string name = HostBridgeList.Find(device!.VendorId, device.DeviceId, release)!.Name;
                return new(P2PReasonKind.HostBridgeListed, host.Name, $"host bridge {host} ({device} {device.Id}, {name}) is in the list of Linux {release}");
            case HostBridgeVerdict.SameHostBridgeOnly:
                return new(P2PReasonKind.HostBridgeSameOnly, host.Name, $"host bridge {host} ({device} {device!.Id}) passes traffic below itself only, not to another host bridge");
            case HostBridgeVerdict.NoRepresentative when host.First is { } first:
                return new(P2PReasonKind.HostBridgeUnusable, host.Name, $"nobody stands for host bridge {host}: the first function of its root bus, {first} {first.Id}, is neither 00.0 nor a root port");
            case HostBridgeVerdict.NoRepresentative:
                return new(P2PReasonKind.HostBridgeUnusable, host.Name, $"nobody stands for host bridge {host}: its root bus has no function");
            default:
                return HostBridgeList.Find(device!.VendorId, device.DeviceId, KernelRelease.Newest) is null
                    ? new(P2PReasonKind.HostBridgeNotListed, host.Name, $"host bridge {host} ({device} {device.Id}) is not in the list of Linux {release}")
                    : new(P2PReasonKind.HostBridgeListedLater, host.Name, $"host bridge {host} ({device} {device.Id}) is not in the list of Linux {release}; Linux {KernelRelease.Newest} has it");
        }
    }
}
