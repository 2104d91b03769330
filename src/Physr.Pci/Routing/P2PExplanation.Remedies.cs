// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Pci.Spec;
using Physr.Pci.Topology;

namespace Physr.Pci.Routing;

internal static partial class P2PExplanation
{
    /// <summary>RR, CR and EC off, every other bit as it is: one character per bit from DT down to SV.</summary>
    private const string ConfigAcsFlags = "x0x00xx";

    private const int NamedInText = 8;

    internal static IReadOnlyList<P2PRemedy> Remedies(P2PRouter router, P2PVerdict verdict)
    {
        var remedies = new List<P2PRemedy>();
        if (verdict.AcsRedirects.Count != 0)
        {
            AddAcs(verdict, remedies);
        }

        if (verdict.MapType == P2PMapType.NotSupported)
        {
            AddHostBridges(router, verdict, remedies);
        }

        if (!verdict.Route.HasCommonBridge)
        {
            remedies.Add(new(P2PRemedyKind.MoveBelowOneSwitch, "move both below one switch: then the verdict is busAddress while no ACS redirect is set on the way"));
        }

        if (verdict.Route.IsAssumed)
        {
            remedies.Add(new(P2PRemedyKind.ReadAsRoot, "read the capture, or run, as root: the ACS registers then decide"));
        }

        return remedies;
    }

    private static void AddAcs(P2PVerdict verdict, List<P2PRemedy> remedies)
    {
        string devices = string.Join(';', verdict.AcsRedirects.Select(static f => f.Address));
        string result = $"the verdict would be busAddress at distance {verdict.PathDistance}";
        remedies.Add(new(P2PRemedyKind.DisableAcsRedirect, $"boot with ACS redirection off on the way; {result}", $"pci=disable_acs_redir={devices}"));
        remedies.Add(new(
            P2PRemedyKind.ConfigAcs,
            $"or, from Linux 6.11, clear the redirecting bits only; {result}",
            "pci=config_acs=" + string.Join(';', verdict.AcsRedirects.Select(static f => $"{ConfigAcsFlags}@{f.Address}"))));
        string writes = string.Join(" && ", verdict.AcsRedirects.Select(static f => $"setpci -s {f.Address} ECAP_ACS+6.w=0000:{(int)AcsControl.Redirects:x4}"));
        remedies.Add(new(P2PRemedyKind.SetPci, "or now, until the next boot; a verdict that the kernel already holds stays until the provider's driver is bound again", writes));
        remedies.Add(new(P2PRemedyKind.IsolationLoss, DescribeLoss(verdict)));
    }

    private static string DescribeLoss(P2PVerdict verdict)
    {
        PciFunction common = verdict.CommonBridge!;
        var members = verdict.ProviderLeg.Concat(verdict.ClientLeg).Where(static f => f.HeaderType == PciHeaderType.Endpoint).Distinct().ToList();
        var groups = members.Select(static f => f.IommuGroup).OfType<int>().Distinct().Order().ToList();
        string joined = groups.Count > 1 ? $"; IOMMU groups {string.Join(", ", groups.Take(NamedInText))} become one" : "";
        return $"the price is isolation: functions below {common} can then reach one another without the IOMMU seeing it, and must be given to one guest together{joined}";
    }

    private static void AddHostBridges(P2PRouter router, P2PVerdict verdict, List<P2PRemedy> remedies)
    {
        bool same = ReferenceEquals(verdict.Provider.HostBridge, verdict.Client.HostBridge);
        PciHostBridge[] hosts = same ? [verdict.Provider.HostBridge] : [verdict.Provider.HostBridge, verdict.Client.HostBridge];
        foreach (PciHostBridge host in hosts)
        {
            switch (router.JudgeHostBridge(host, same))
            {
                case HostBridgeVerdict.NotListed when HostBridgeList.Find(host.Representative!.VendorId, host.Representative.DeviceId, KernelRelease.Newest) is { } row:
                    remedies.Add(new(P2PRemedyKind.NewerKernel, $"run Linux {row.Since} or later, whose list has {host.Representative.Id} ({row.Name}) of {host}; with every host bridge on the way listed, the verdict would be throughHostBridge"));
                    break;
                case HostBridgeVerdict.NotListed:
                    remedies.Add(new(P2PRemedyKind.ListHostBridge, $"host bridge {host} would need {host.Representative!.Id} in the kernel's list, which is for its maker to ask for; or use a listed or AMD Zen platform; the verdict would be throughHostBridge"));
                    break;
                case HostBridgeVerdict.NoRepresentative:
                    remedies.Add(new(P2PRemedyKind.ListHostBridge, $"host bridge {host} has no function 00.0 and does not start with a root port, so no list can name it; its root bus would have to start with one"));
                    break;
                case HostBridgeVerdict.SameHostBridgeOnly:
                    remedies.Add(new(P2PRemedyKind.ListHostBridge, $"put both devices below one host bridge: {host} passes traffic below itself; the verdict would be throughHostBridge"));
                    break;
                default:
                    break;
            }
        }
    }
}
