// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Pci.Routing;
using Physr.Pci.Sources;
using Physr.Pci.Spec;
using Physr.Pci.Tests.Infrastructure;

namespace Physr.Pci.Tests;

/// <summary>Who may pass peer-to-peer traffic between root ports (row R51).</summary>
public sealed class HostBridgeRuleTests
{
    [Theory]
    [InlineData(0x3c00, true)]
    [InlineData(0x3c01, true)]
    [InlineData(0x2f00, true)]
    [InlineData(0x2f01, true)]
    [InlineData(0x2030, false)]
    [InlineData(0x2031, false)]
    [InlineData(0x2032, false)]
    [InlineData(0x2033, false)]
    [InlineData(0x2020, false)]
    [InlineData(0x09a2, false)]
    public void R51a_R51b_EveryRowOf612HoldsBelowOneHostBridge_SomeAcross(ushort device, bool sameOnly)
    {
        P2PRouter router = TwoHosts(0x8086, device, 0x8086, device).Router();
        Assert.Equal(P2PMapType.ThroughHostBridge, router.Judge("0000:01:00.0", "0000:02:00.0").MapType);
        P2PMapType across = sameOnly ? P2PMapType.NotSupported : P2PMapType.ThroughHostBridge;
        Assert.Equal(across, router.Judge("0000:01:00.0", "0000:41:00.0").MapType);
    }

    [Theory]
    [InlineData(0x8086, 0x0b25)]
    [InlineData(0x8086, 0x0cfe)]
    [InlineData(0x8086, 0x11fb)]
    [InlineData(0x8086, 0x1212)]
    [InlineData(0x8086, 0x1216)]
    [InlineData(0x8086, 0x4940)]
    [InlineData(0x8086, 0x4942)]
    [InlineData(0x8086, 0x4944)]
    [InlineData(0x8086, 0x4946)]
    [InlineData(0x8086, 0x4948)]
    [InlineData(0x1ae0, 0x0001)]
    [InlineData(0x1ae0, 0xfffe)]
    [InlineData(0x10de, 0x2f95)]
    [InlineData(0x10de, 0x2f98)]
    public void R51a_LaterRowsCountFromTheirReleaseOn_ARefusalForTheReleaseSaysSo(ushort vendor, ushort device)
    {
        SyntheticHost host = TwoHosts(vendor, device, vendor, device);
        Assert.Equal(P2PMapType.ThroughHostBridge, host.Router(release: "7.3").Judge("0000:01:00.0", "0000:41:00.0").MapType);
        P2PVerdict early = host.Router(release: "6.12.117-p2p").Judge("0000:01:00.0", "0000:41:00.0");
        Assert.Equal(P2PMapType.NotSupported, early.MapType);
        Assert.Contains(early.Reasons, static r => r.Kind == P2PReasonKind.HostBridgeListedLater);
        Assert.Contains(early.Remedies, static r => r.Kind == P2PRemedyKind.NewerKernel && r.Text.Contains("7.3", StringComparison.Ordinal));
    }

    [Fact]
    public void R51a_BothHostBridgesMustBeListed_TheMissingOneIsNamed()
    {
        P2PVerdict verdict = TwoHosts(0x8086, 0x2032, 0x8086, 0x29c0).Router().Judge("0000:01:00.0", "0000:41:00.0");
        Assert.Equal(P2PMapType.NotSupported, verdict.MapType);
        Assert.Contains(verdict.Reasons, static r => r.Kind == P2PReasonKind.HostBridgeListed && r.Subject == "pci0000:00");
        Assert.Contains(verdict.Reasons, static r => r.Kind == P2PReasonKind.HostBridgeNotListed && r.Subject == "pci0000:40");
        Assert.Contains(verdict.Remedies, static r => r.Kind == P2PRemedyKind.ListHostBridge && r.Text.Contains("8086:29c0", StringComparison.Ordinal));
    }

    [Fact]
    public void R51c_TheFirstFunctionCountsIf00_0OrARootPortAnywhere_OnlyTheFirst()
    {
        // 00.0 of any class.
        Assert.Equal(P2PMapType.ThroughHostBridge, RootBus(h => h.HostDevice("0000:00:00.0", 0x8086, 0x2032)));

        // A root port at any place.
        Assert.Equal(P2PMapType.ThroughHostBridge, RootBus(h => h.RootPort("0000:00:02.0", null, 0x8086, 0x2032)));

        // An endpoint elsewhere stands for nobody, and what follows it is not looked at.
        Assert.Equal(P2PMapType.NotSupported, RootBus(h => h.Endpoint("0000:00:02.0", null).RootPort("0000:00:03.0", null, 0x8086, 0x2032)));
        Assert.Equal(P2PMapType.NotSupported, RootBus(h =>
            h.Add("0000:00:02.0", null, PciHeaderType.Bridge, PciePortType.PcieToPciBridge, 0x8086, 0x2032, 0x060400, null, memory: false)));

        // A listed function behind an unlisted 00.0 does not help.
        Assert.Equal(P2PMapType.NotSupported, RootBus(h => h.HostDevice("0000:00:00.0").RootPort("0000:00:02.0", null, 0x8086, 0x2032)));
    }

    [Fact]
    public void R51_AcsRedirectionBelowOneSwitchAsksTheSameHostBridgeRule()
    {
        P2PRouter router = new SyntheticHost().HostDevice("0000:00:00.0", 0x8086, 0x3c00).Switch(AcsControl.RequestRedirect, null).Router();
        P2PRouterTests.AssertRoute(router.Judge("0000:03:00.0", "0000:04:00.0"), P2PMapType.ThroughHostBridge, 4);
    }

    [Theory]
    [InlineData("AuthenticAMD", "23", true)]
    [InlineData("AuthenticAMD", "26", true)]
    [InlineData("AuthenticAMD", "22", false)]
    [InlineData("HygonGenuine", "24", false)]
    [InlineData("GenuineIntel", "23", false)]
    [InlineData("AuthenticAMD", "0x17", false)]
    public void R51d_ZenIsAmdOfFamily23AndLater(string vendor, string family, bool zen)
    {
        Assert.Equal(zen, ProcessorIdentity.Parse($"processor\t: 0\nvendor_id\t: {vendor}\ncpu family\t: {family}\n\nprocessor\t: 1\n").IsZen);
    }

    [Fact]
    public void R51d_OnlyProcessor0Counts_AMissingFamilyIsNotZenAndSaysSo()
    {
        Assert.False(ProcessorIdentity.Parse("processor: 0\nvendor_id: GenuineIntel\ncpu family: 6\n\nprocessor: 1\nvendor_id: AuthenticAMD\ncpu family: 25\n").IsZen);
        Assert.False(ProcessorIdentity.Parse("processor: 0\nvendor_id: AuthenticAMD\nprocessor: 1\ncpu family: 25\n").IsZen);
        Assert.NotEmpty(ProcessorIdentity.Parse("processor: 0\nvendor_id: AuthenticAMD\n").Note);
        Assert.NotEmpty(ProcessorIdentity.Parse("").Note);
        Assert.Empty(ProcessorIdentity.Parse("processor: 0\nBogoMIPS: 50.00\nCPU implementer: 0x41\n").Note);
    }

    [Fact]
    public void R51d_ZenNeverLooksAtTheHostBridge()
    {
        P2PVerdict verdict = TwoHosts(0x1234, 0x5678, 0x1234, 0x5678).Router(zen: true).Judge("0000:01:00.0", "0000:41:00.0");
        Assert.Equal(P2PMapType.ThroughHostBridge, verdict.MapType);
        Assert.Contains(verdict.Reasons, static r => r.Kind == P2PReasonKind.ZenProcessor);
    }

    private static P2PMapType RootBus(Action<SyntheticHost> first)
    {
        var host = new SyntheticHost();
        first(host);
        host.RootPort("0000:00:1c.0").Endpoint("0000:01:00.0", "0000:00:1c.0").RootPort("0000:00:1d.0").Endpoint("0000:02:00.0", "0000:00:1d.0");
        return host.Router().Judge("0000:01:00.0", "0000:02:00.0").MapType;
    }

    private static SyntheticHost TwoHosts(ushort vendorA, ushort deviceA, ushort vendorB, ushort deviceB)
    {
        var host = new SyntheticHost()
            .HostDevice("0000:00:00.0", vendorA, deviceA)
            .RootPort("0000:00:01.0").Endpoint("0000:01:00.0", "0000:00:01.0")
            .RootPort("0000:00:02.0").Endpoint("0000:02:00.0", "0000:00:02.0")
            .HostDevice("0000:40:00.0", vendorB, deviceB)
            .RootPort("0000:40:01.0").Endpoint("0000:41:00.0", "0000:40:01.0");
        return host;
    }
}
