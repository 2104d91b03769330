// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Pci.Routing;
using Physr.Pci.Spec;
using Physr.Pci.Tests.Infrastructure;
using Physr.Pci.Topology;

namespace Physr.Pci.Tests;

/// <summary>The rules of section 1.5, one synthetic host each.</summary>
public sealed class P2PRouterTests
{
    [Fact]
    public void R49a_SameFunctionIs0_TwoFunctionsOfADevice2_SameSwitch4()
    {
        P2PRouter router = new SyntheticHost().Switch(null, null).Endpoint("0000:03:00.1", "0000:02:00.0").Router();
        AssertRoute(router.Judge("0000:03:00.0", "0000:03:00.0"), P2PMapType.BusAddress, 0);
        AssertRoute(router.Judge("0000:03:00.0", "0000:03:00.1"), P2PMapType.BusAddress, 2);
        AssertRoute(router.Judge("0000:03:00.0", "0000:04:00.0"), P2PMapType.BusAddress, 4);
    }

    [Fact]
    public void R49a_FunctionsOfOneRootBusDeviceHaveNoCommonBridge()
    {
        P2PRouter router = new SyntheticHost().Endpoint("0000:00:02.0", null).Endpoint("0000:00:02.1", null).Router(zen: true);
        P2PVerdict verdict = router.Judge("0000:00:02.0", "0000:00:02.1");
        AssertRoute(verdict, P2PMapType.ThroughHostBridge, 2);
        Assert.Null(verdict.CommonBridge);
    }

    [Fact]
    public void R49a_ConventionalDevicesOnOneBusShareTheirBridge_OddDistancesExist()
    {
        P2PRouter router = new SyntheticHost()
            .RootPort("0000:00:01.0")
            .Add("0000:01:00.0", "0000:00:01.0", PciHeaderType.Bridge, PciePortType.PcieToPciBridge, 0x1b36, 0x000e, 0x060400, null, memory: false)
            .Add("0000:02:01.0", "0000:01:00.0", PciHeaderType.Endpoint, null, 0x1234, 0x11e8, 0x00ff00, null, memory: true)
            .Add("0000:02:02.0", "0000:01:00.0", PciHeaderType.Endpoint, null, 0x1234, 0x11e8, 0x00ff00, null, memory: true)
            .Endpoint("0000:00:03.0", null)
            .Router(zen: true);
        AssertRoute(router.Judge("0000:02:01.0", "0000:02:02.0"), P2PMapType.BusAddress, 2);
        AssertRoute(router.Judge("0000:02:01.0", "0000:00:03.0"), P2PMapType.ThroughHostBridge, 4);
        Assert.Equal(3, new SyntheticHost().RootPort("0000:00:01.0").Endpoint("0000:01:00.0", "0000:00:01.0").Endpoint("0000:00:03.0", null)
            .Router(zen: true).Judge("0000:01:00.0", "0000:00:03.0").Distance);
    }

    [Fact]
    public void R49b_DistanceIsSymmetric()
    {
        P2PRouter router = new SyntheticHost().Switch(AcsControl.RequestRedirect, null, null).RootPort("0000:00:02.0").Endpoint("0000:10:00.0", "0000:00:02.0").Router(zen: true);
        foreach (PciFunction a in router.Topology.Endpoints)
        {
            foreach (PciFunction b in router.Topology.Endpoints)
            {
                Assert.Equal(router.Route(a, b), router.Route(b, a));
            }
        }
    }

    [Fact]
    public void R49c_SeveralClientsAddUp_R49d_MinusOneForNoneOrRefused()
    {
        P2PRouter router = new SyntheticHost().Switch(null, null, null).RootPort("0000:00:02.0").Endpoint("0000:10:00.0", "0000:00:02.0").Router();
        PciFunction provider = router.At("0000:03:00.0");
        Assert.Equal(8, router.DistanceMany(provider, [router.At("0000:04:00.0"), router.At("0000:05:00.0")]));
        Assert.Equal(-1, router.DistanceMany(provider, []));
        Assert.Equal(-1, router.DistanceMany(provider, [router.At("0000:04:00.0"), router.At("0000:10:00.0")]));
        Assert.Equal(-1, router.Judge("0000:03:00.0", "0000:10:00.0").Distance);
        Assert.Equal(6, router.Judge("0000:03:00.0", "0000:10:00.0").PathDistance);
    }

    [Fact]
    public void R54a_ClientWithoutPciAncestorIsNotSupported_OthersCountAsTheirNearest()
    {
        P2PRouter router = new SyntheticHost().Switch(null, null).Router();
        Assert.True(router.Topology.TryFindNearest("/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:00.0/0000:03:00.0/nvme/nvme0/nvme0n1", out PciFunction? nvme));
        Assert.Equal("0000:03:00.0", $"{nvme}");
        Assert.False(router.Topology.TryFindNearest("/sys/devices/virtual/block/loop0", out PciFunction? none));
        Assert.Equal(-1, router.DistanceMany(nvme, [nvme, none]));
    }

    [Theory]
    [InlineData(AcsControl.RequestRedirect)]
    [InlineData(AcsControl.CompletionRedirect)]
    [InlineData(AcsControl.EgressControl)]
    public void R50a_EachRedirectingBitAloneRedirects(AcsControl bit)
    {
        P2PVerdict verdict = new SyntheticHost().Switch(bit, null).Router().Judge("0000:03:00.0", "0000:04:00.0");
        AssertRoute(verdict, P2PMapType.NotSupported, -1);
        Assert.Equal("0000:02:00.0", verdict.Offenders());
    }

    [Fact]
    public void R50b_TheOtherBitsChangeNothing_NorDoCapabilityBits()
    {
        const AcsControl Harmless = AcsControl.SourceValidation | AcsControl.TranslationBlocking | AcsControl.UpstreamForwarding | AcsControl.DirectTranslated;
        AssertRoute(new SyntheticHost().Switch(Harmless, Harmless).Router().Judge("0000:03:00.0", "0000:04:00.0"), P2PMapType.BusAddress, 4);
        AssertRoute(new SyntheticHost().Switch(AcsControl.None, AcsControl.None).Router().Judge("0000:03:00.0", "0000:04:00.0"), P2PMapType.BusAddress, 4);
    }

    [Fact]
    public void R50c_CommonBridgesOwnAcsBitsCount_BitsAboveItNever()
    {
        P2PRouter router = new SyntheticHost()
            .RootPort("0000:00:01.0", AcsControl.Redirects)
            .Port("0000:01:00.0", "0000:00:01.0", PciePortType.UpstreamPort)
            .Port("0000:02:00.0", "0000:01:00.0", PciePortType.DownstreamPort, AcsControl.RequestRedirect)
            .Endpoint("0000:03:00.0", "0000:02:00.0").Endpoint("0000:03:00.1", "0000:02:00.0")
            .Port("0000:02:01.0", "0000:01:00.0", PciePortType.DownstreamPort)
            .Port("0000:02:02.0", "0000:01:00.0", PciePortType.DownstreamPort)
            .Endpoint("0000:04:00.0", "0000:02:01.0").Endpoint("0000:05:00.0", "0000:02:02.0")
            .Router(zen: true);
        P2PVerdict own = router.Judge("0000:03:00.0", "0000:03:00.1");
        AssertRoute(own, P2PMapType.ThroughHostBridge, 2);
        Assert.Equal("0000:02:00.0", own.Offenders());
        AssertRoute(router.Judge("0000:04:00.0", "0000:05:00.0"), P2PMapType.BusAddress, 4);
    }

    [Theory]
    [InlineData(true, P2PMapType.ThroughHostBridge, 0)]
    [InlineData(false, P2PMapType.NotSupported, -1)]
    public void R50d_AnEndpointsOwnBitsCountEvenTowardsItself(bool zen, P2PMapType type, int distance)
    {
        P2PRouter router = new SyntheticHost().RootPort("0000:00:01.0").Endpoint("0000:01:00.0", "0000:00:01.0", AcsControl.RequestRedirect).Router(zen);
        AssertRoute(router.Judge("0000:01:00.0", "0000:01:00.0"), type, distance);
    }

    [Fact]
    public void R50e_EveryOffenderIsNamed_ProvidersLegBottomUpThenClients()
    {
        P2PVerdict verdict = new SyntheticHost()
            .RootPort("0000:00:01.0").Port("0000:01:00.0", "0000:00:01.0", PciePortType.UpstreamPort, AcsControl.RequestRedirect)
            .Port("0000:02:00.0", "0000:01:00.0", PciePortType.DownstreamPort, AcsControl.RequestRedirect)
            .Port("0000:02:01.0", "0000:01:00.0", PciePortType.DownstreamPort, AcsControl.EgressControl)
            .Endpoint("0000:03:00.0", "0000:02:00.0", AcsControl.CompletionRedirect)
            .Endpoint("0000:04:00.0", "0000:02:01.0", AcsControl.CompletionRedirect)
            .Router().Judge("0000:03:00.0", "0000:04:00.0");
        Assert.Equal("0000:03:00.0, 0000:02:00.0, 0000:01:00.0, 0000:04:00.0, 0000:02:01.0", verdict.Offenders());
        Assert.Contains(verdict.Remedies, static r => r.Command == "pci=disable_acs_redir=0000:03:00.0;0000:02:00.0;0000:01:00.0;0000:04:00.0;0000:02:01.0");
        Assert.Contains(verdict.Remedies, static r => r.Command.StartsWith("pci=config_acs=x0x00xx@0000:03:00.0;x0x00xx@0000:02:00.0", StringComparison.Ordinal));
        Assert.Equal(5, verdict.Reasons.Count(static r => r.Kind == P2PReasonKind.AcsRedirect));
    }

    [Fact]
    public void R50_WithoutACommonBridgeAcsPlaysNoPart()
    {
        P2PVerdict verdict = new SyntheticHost()
            .RootPort("0000:00:01.0", AcsControl.Redirects).Endpoint("0000:01:00.0", "0000:00:01.0", AcsControl.Redirects)
            .RootPort("0000:00:02.0", AcsControl.Redirects).Endpoint("0000:02:00.0", "0000:00:02.0")
            .Router(zen: true).Judge("0000:01:00.0", "0000:02:00.0");
        AssertRoute(verdict, P2PMapType.ThroughHostBridge, 4);
        Assert.Empty(verdict.AcsRedirects);
    }

    [Fact]
    public void AVirtualFunctionsUpstreamIsItsPhysicalFunctions()
    {
        P2PRouter router = new SyntheticHost().Switch(null, null).Endpoint("0000:07:10.0", null, physical: "0000:03:00.0").Router();
        AssertRoute(router.Judge("0000:07:10.0", "0000:03:00.0"), P2PMapType.BusAddress, 2);
        AssertRoute(router.Judge("0000:07:10.0", "0000:04:00.0"), P2PMapType.BusAddress, 4);
    }

    [Fact]
    public void R52a_TheSecondQuestionAllocatesNothing_R52b_AnAcsChangeIsNoticed()
    {
        P2PRouter router = new SyntheticHost().Switch(null, null).Router();
        PciFunction a = router.At("0000:03:00.0");
        PciFunction b = router.At("0000:04:00.0");
        PciFunction port = router.At("0000:02:01.0");
        Assert.Equal(P2PMapType.BusAddress, router.Route(a, b).MapType);
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                router.Route(a, b);
            }
        }));
        router.Topology.SetAcsControl(port, AcsControl.RequestRedirect);
        Assert.Equal(P2PMapType.NotSupported, router.Route(a, b).MapType);
        router.Topology.SetAcsControl(port, AcsControl.None);
        Assert.Equal(P2PMapType.BusAddress, router.Route(a, b).MapType);
    }

    [Fact]
    public void R52b_AWriteToTheRegisterAndARemovalAreNoticed()
    {
        P2PRouter router = new SyntheticHost().Switch(AcsControl.None, null).Endpoint("0000:00:00.0", null, memory: false).Router();
        PciFunction port = router.At("0000:02:00.0");
        Assert.Equal(P2PMapType.BusAddress, router.Judge("0000:03:00.0", "0000:04:00.0").MapType);
        ((Physr.Pci.Config.EmulatedConfigSpace)port.Config!).WriteWord(port.AcsOffset + AcsCapability.Control, (ushort)AcsControl.EgressControl);
        router.Topology.RefreshAcs(port);
        Assert.Equal(P2PMapType.NotSupported, router.Judge("0000:03:00.0", "0000:04:00.0").MapType);
        router.Topology.Remove(port);
        Assert.False(router.Topology.TryFind(PciAddress.Parse("0000:03:00.0"), out _));
        AssertRoute(router.Judge("0000:04:00.0", "0000:04:00.0"), P2PMapType.BusAddress, 0);
    }

    [Fact]
    public void R48_FindManyTakesTheNearest_TiesSpread_SameSeedSameChoice()
    {
        P2PRouter router = new SyntheticHost().Switch(null, null, null, null).Endpoint("0000:03:00.1", "0000:02:00.0").Router();
        PciFunction client = router.At("0000:03:00.1");
        PciFunction[] far = [router.At("0000:04:00.0"), router.At("0000:05:00.0"), router.At("0000:06:00.0")];
        Assert.Equal("0000:03:00.0", $"{router.FindMany([.. far, router.At("0000:03:00.0")], [client], new Random(1))}");
        int[] picks = new int[3];
        var random = new Random(42);
        for (int i = 0; i < 300; i++)
        {
            picks[Array.IndexOf(far, router.FindMany(far, [client], random))]++;
        }

        Assert.All(picks, static count => Assert.InRange(count, 60, 140));
        Assert.Same(router.FindMany(far, [client], new Random(7)), router.FindMany(far, [client], new Random(7)));
        Assert.Null(router.FindMany(far, [null], new Random(7)));
    }

    [Fact]
    public void R45a_AnyAddressFindsItsBarOrNone()
    {
        PciTopology topology = new SyntheticHost().Switch(null, null).Build();
        Assert.True(topology.TryFindBar(new PhysicalAddress(0x8001_3fff), out PciFunction? owner, out PciResource bar));
        Assert.Equal("0000:04:00.0", $"{owner}");
        Assert.Equal(0, bar.Index);
        Assert.False(topology.TryFindBar(new PhysicalAddress(0x8001_4000), out _, out _));
        Assert.False(topology.TryFindBar(new PhysicalAddress(0), out _, out _));
    }

    internal static void AssertRoute(P2PVerdict verdict, P2PMapType type, int distance)
    {
        Assert.Equal(type, verdict.MapType);
        Assert.Equal(distance, verdict.Distance);
        Assert.NotEmpty(verdict.Reasons);
    }
}
