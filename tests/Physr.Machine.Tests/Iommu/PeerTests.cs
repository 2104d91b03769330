// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Dma.Iommu;
using Physr.Dma.PageTables;
using Physr.Machine.Bus;
using Physr.Machine.Simulation;
using Physr.Pci.Routing;

namespace Physr.Machine.Tests.Iommu;

/// <summary>Peers and the IOMMU: a switch passes a peer's address across unseen, redirection sends it up to be translated, and what is changed at run time is noticed.</summary>
public sealed class PeerTests
{
    private readonly byte[] _bytes = new byte[4096];
    private readonly byte[] _back = new byte[4096];

    public PeerTests() => new SeededRandom(12).Fill(_bytes);

    [Theory]
    [InlineData(0UL)]
    [InlineData(0x1000_0000_0000UL)]
    public void R53a_BelowOneSwitchNoIommuSeesAPeersBusAddress(ulong busOffset)
    {
        using IommuHost host = new(busOffset: busOffset);
        DmaAddress bus = BusAddress(host, "b");
        Assert.True(host.Bus.Write(bus, _bytes, Traffic.Payload).IsSuccess);
        host.Host.Device("b").Memory.Read(0, _back);
        Assert.Equal(_bytes, _back);
        Assert.Equal((0UL, 4096UL), (host.Links.UpToRoot, host.Links.AcrossToB));
        Assert.Equal((0, 0, 0), ((int)host.Unit.Statistics.Hits, (int)host.Unit.Statistics.Misses, (int)host.Unit.Faults.Total));
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(0x1000_0000_0000UL)]
    public void R53b_RedirectedAPeerIsReachedByAnIovaThroughTheRootComplex_AndByNothingElse(ulong busOffset)
    {
        using IommuHost host = new(acsA: IommuHost.Redirect, busOffset: busOffset);
        DmaAddress iova = host.Map(host.Host.Memory("b").Start.Value, PageSize.Size4K, IommuAccess.Write | IommuAccess.Mmio);
        Assert.True(host.Bus.Write(iova, _bytes, Traffic.Payload).IsSuccess);
        host.Host.Device("b").Memory.Read(0, _back);
        Assert.Equal(_bytes, _back);
        Assert.Equal((4096UL, 4096UL), (host.Links.UpToRoot, host.Links.AcrossToB));
        Assert.Equal(1, host.Unit.Statistics.Misses);
        Assert.Equal(0UL, host.Machine.Fabric.Dram.PayloadBytes);

        // Neither its bus address nor its physical one is an address of this device.
        Assert.Equal(BusStatus.IommuFault, host.Bus.Write(BusAddress(host, "b"), _bytes, Traffic.Payload).Status);
        Assert.Equal(BusStatus.IommuFault, host.Bus.Write(new(host.Host.Memory("b").Start.Value + 0x1000), _bytes, Traffic.Payload).Status);
    }

    [Fact]
    public void R53b_AcrossRootPortsAPeerIsReachedByAnIova()
    {
        using IommuHost host = new();
        DmaAddress iova = host.Map(host.Host.Memory("c").Start.Value, PageSize.Size4K);
        host.Host.Device("c").Memory.Write(0, _bytes);
        Assert.True(host.Bus.Read(iova, _back, Traffic.Payload).IsSuccess);
        Assert.Equal(_bytes, _back);
        Assert.Equal(4096UL, host.Host.Carried("c", "rp1"));
    }

    [Fact]
    public void R53c_WhereTheHostBridgeDoesNotForward_ATranslationIntoAPeerChangesNothing()
    {
        using IommuHost host = new(cpu: "GenuineIntel", family: 6);
        DmaAddress iova = host.Map(host.Host.Memory("c").Start.Value, PageSize.Size4K);
        Assert.Equal(BusStatus.UnsupportedRequest, host.Bus.Write(iova, _bytes, Traffic.Payload).Status);
    }

    [Fact]
    public void R52b_AfterAcsChangesTheKernelsCachedAnswerFaults_AndOursIsTheNewOne()
    {
        using IommuHost host = new();
        P2PRouter router = host.Machine.Router;

        // The kernel asks once for a pair and keeps the answer for as long as the provider lives.
        P2PMapType cached = Ask(host, router);
        Assert.Equal(P2PMapType.BusAddress, cached);
        DmaAddress asCached = BusAddress(host, "b");
        Assert.True(host.Bus.Write(asCached, _bytes, Traffic.Payload).IsSuccess);

        host.SetAcs("p0", IommuHost.Redirect);
        Assert.Equal(BusStatus.IommuFault, host.Bus.Write(asCached, _bytes, Traffic.Payload).Status);
        Assert.True(host.Unit.Faults.TryRead(out IommuFault fault));
        Assert.Equal((asCached, IommuFaultReason.NotMapped), (fault.Address, fault.Reason));

        Assert.Equal(P2PMapType.ThroughHostBridge, Ask(host, router));
        DmaAddress asNow = host.Map(host.Host.Memory("b").Start.Value, PageSize.Size4K);
        new SeededRandom(13).Fill(_bytes);
        Assert.True(host.Bus.Write(asNow, _bytes, Traffic.Payload).IsSuccess);
        host.Host.Device("b").Memory.Read(0, _back);
        Assert.Equal(_bytes, _back);

        host.SetAcs("p0", 0);
        Assert.Equal(P2PMapType.BusAddress, Ask(host, router));
    }

    [Fact]
    public void AMappingMadeUnderRedirectionOutlivesItsEnd_ForNoWindowClaimsItsAddress()
    {
        using IommuHost host = new(acsA: IommuHost.Redirect);
        DmaAddress iova = host.Map(host.Host.Memory("b").Start.Value, PageSize.Size4K);
        Assert.True(host.Bus.Write(iova, _bytes, Traffic.Payload).IsSuccess);
        host.SetAcs("p0", 0);
        new SeededRandom(14).Fill(_bytes);
        Assert.True(host.Bus.Write(iova, _bytes, Traffic.Payload).IsSuccess);
        host.Host.Device("b").Memory.Read(0, _back);
        Assert.Equal(_bytes, _back);
        Assert.Equal(2 * 4096UL, host.Links.UpToRoot);
    }

    private static P2PMapType Ask(IommuHost host, P2PRouter router) =>
        router.Route(host.Machine.FunctionOf(host.Machine.Fabric["b"]), host.Machine.FunctionOf(host.A)).MapType;

    private static DmaAddress BusAddress(IommuHost host, string name) =>
        host.Machine.ProviderOf(host.Machine.Fabric[name], 2).BusAddress(host.Host.Memory(name).Start);
}
