// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.PageTables;
using Physr.Machine.Reports;
using Physr.Machine.Scenarios;
using Physr.Machine.Tests.Offload;
using Physr.Machine.Tests.Scenarios;

namespace Physr.Machine.Tests.Iommu;

/// <summary>The main job behind an IOMMU: every byte arrives, nothing is left over, and the report says what it took.</summary>
public sealed class OffloadBehindIommuTests
{
    private const ulong Payload = 3 * (256 << 10);

    [Fact]
    public void TheRepositorysScenario_MovesTheSameBytesByEveryRoute_AndFlushesAsItSays()
    {
        Assert.True(ScenarioReader.TryRead(Path.Combine(ScenarioReaderTests.RepositoryRoot(), "scenarios", "iommu-copy-offload.yaml"), null, out Scenario? scenario, out _));
        RunReport report = ScenarioRunner.Run(scenario);
        Dictionary<string, RouteReport> routes = report.Routes.ToDictionary(static route => route.Name, StringComparer.Ordinal);
        Assert.True(report.Verified, string.Join('\n', report.Routes.SelectMany(static route => route.Transfers).Select(static transfer => transfer.Error)));
        Assert.Equal(0, report.Leaks);
        Assert.Single(report.Routes.Select(static route => route.Sha256).Distinct(StringComparer.Ordinal));
        Assert.All(report.Routes, static route => Assert.Equal(0UL, route.Iommu!.Faults));

        // One flush for each of the 4 × 512 commands of the drives, and few more; one for 256 of them.
        Assert.InRange(routes["bounce-strict"].Iommu!.Flushes, 2048UL, 2048UL + 32);
        Assert.InRange(routes["bounce-lazy"].Iommu!.Flushes, 2048UL / 256 - 3, 2048UL / 256 + 3);
        Assert.True(routes["bounce-lazy"].Iommu!.IovaRuns > 4 * routes["bounce-strict"].Iommu!.IovaRuns);

        // Peers below one switch: their payload passes the IOMMU by. Redirected: it meets it.
        Assert.InRange(routes["p2p-strict"].Iommu!.Flushes, 1UL, 32UL);
        Assert.Equal("throughHostBridge", routes["p2p-redirected-strict"].Verdict);
        Assert.InRange(routes["p2p-redirected-strict"].Iommu!.Flushes, 1024UL, 1024UL + 32);
        Assert.True(routes["p2p-redirected-strict"].Iommu!.IotlbMisses > routes["p2p-strict"].Iommu!.IotlbMisses + 1000);

        // The narrow drive reads 32 MiB and the narrow NIC moves 32 MiB, each through slots; with a translation nothing has to be copied.
        Assert.True(routes["narrow-passthrough"].BounceBytes >= 64UL << 20);
        Assert.Equal((0UL, 0UL), (routes["narrow-passthrough"].Iommu!.IovaBytes, routes["narrow-passthrough"].Iommu!.Flushes));
        Assert.Equal(0UL, routes["narrow-translated"].BounceBytes);
        Assert.Null(routes["bounce-strict"].BounceBytes);
    }

    [Theory]
    [InlineData(IoPageTableFormat.AmdV1, IommuPolicy.Strict, 1024)]
    [InlineData(IoPageTableFormat.VtdSecondStage, IommuPolicy.Lazy, 8)]
    [InlineData(IoPageTableFormat.X86_64, IommuPolicy.Strict, 0)]
    [InlineData(IoPageTableFormat.X86_64, IommuPolicy.Passthrough, 64)]
    public void EveryFormatAndModeDeliversWhatNoIommuDelivers(IoPageTableFormat format, IommuPolicy policy, int iotlb)
    {
        RouteSpec[] routes = [OffloadScenario.Bounce, OffloadScenario.WithPages, OffloadScenario.PageLess, OffloadScenario.AcrossRootPorts];
        RunReport without = ScenarioRunner.Run(OffloadScenario.Make(routes));
        RunReport with = ScenarioRunner.Run(Behind(OffloadScenario.Make(routes), new(format, policy, iotlb)));
        Assert.True(with.Verified);
        Assert.Equal(0, with.Leaks);
        Assert.Equal(without.Routes.Select(static route => route.Sha256), with.Routes.Select(static route => route.Sha256));
        Assert.Equal(without.Routes.Select(static route => route.Verdict), with.Routes.Select(static route => route.Verdict));
        Assert.Equal(without.Routes.Select(static route => route.DramBytes), with.Routes.Select(static route => route.DramBytes));
        Assert.Equal(
            without.Routes.SelectMany(static route => route.Links.Select(static link => link.Bytes)),
            with.Routes.SelectMany(static route => route.Links.Select(static link => link.Bytes)));
        Assert.All(without.Routes, static route => Assert.Null(route.Iommu));
    }

    [Fact]
    public void OneSeedGivesOneReport_BehindAnIommuToo()
    {
        Scenario scenario = Behind(OffloadScenario.Make([OffloadScenario.Bounce]), new(IoPageTableFormat.AmdV1, IommuPolicy.Lazy, 64));
        Assert.Equal(ScenarioRunner.Run(scenario).Routes[0].Iommu, ScenarioRunner.Run(scenario).Routes[0].Iommu);
    }

    [Theory]
    [InlineData("nvme0")]
    [InlineData("nvme1")]
    [InlineData("nic0")]
    public void ANarrowDeviceBouncesWhatItMoves_InEachDirection(string device)
    {
        // RAM beyond 4 GiB, where ordinary memory comes from.
        Scenario scenario = OffloadScenario.Make([OffloadScenario.Bounce with { DmaMaskBits = new Dictionary<string, int>(StringComparer.Ordinal) { [device] = 32 } }]);
        RouteReport route = Assert.Single(ScenarioRunner.Run(scenario with { Host = scenario.Host with { RamBytes = 4UL << 30 } }).Routes);
        Assert.True(route.Verified, string.Join('\n', route.Transfers.Select(static transfer => transfer.Error)));
        Assert.Equal(0, route.Leaks);
        Assert.True(route.BounceBytes >= 2 * Payload / 3, $"{route.BounceBytes}");
        Assert.Equal(2 * Payload, route.DramBytes);
    }

    [Fact]
    public void WhereAllMemoryIsLow_ANarrowDeviceBouncesNothing()
    {
        RouteReport route = Assert.Single(ScenarioRunner.Run(
            OffloadScenario.Make([OffloadScenario.Bounce with { DmaMaskBits = new Dictionary<string, int>(StringComparer.Ordinal) { ["nvme0"] = 32 } }])).Routes);
        Assert.True(route.Verified);
        Assert.Equal(0UL, route.BounceBytes);
    }

    [Fact]
    public void R53c_APeerBeyondANarrowMaskIsRefused_NotBounced()
    {
        RouteReport route = Assert.Single(ScenarioRunner.Run(
            OffloadScenario.Make([OffloadScenario.PageLess with { DmaMaskBits = new Dictionary<string, int>(StringComparer.Ordinal) { ["nvme0"] = 32 } }])).Routes);
        Assert.False(route.Verified);
        Assert.Equal(0, route.Leaks);
        Assert.Contains(route.Transfers, static transfer => transfer.Error?.Contains("beyond the device's mask", StringComparison.Ordinal) == true);
    }

    [Theory]
    [InlineData(FaultKind.LinkDown)]
    [InlineData(FaultKind.SurpriseRemoval)]
    [InlineData(FaultKind.DmaError)]
    public void WhateverFails_NoAddressAndNoSlotIsLeftBehind(FaultKind kind)
    {
        foreach (ulong step in new ulong[] { 1, 7, 20, 40 })
        {
            foreach (string target in new[] { "nvme0", "nvme1", "nic0" })
            {
                RouteSpec[] routes =
                [
                    OffloadScenario.Bounce with { Iommu = new(IoPageTableFormat.AmdV1, IommuPolicy.Strict, 64) },
                    OffloadScenario.Bounce with { Name = "lazy", Iommu = new(IoPageTableFormat.AmdV1, IommuPolicy.Lazy, 64) },
                ];
                RunReport report = ScenarioRunner.Run(OffloadScenario.Make(routes, [new(kind, target, step, null)], length: 64 << 10));
                Assert.All(report.Routes, route => Assert.True(
                    !route.Leaked.Any(static what => what.Contains("IO virtual", StringComparison.Ordinal) || what.Contains("slots", StringComparison.Ordinal) || what.Contains("mappings", StringComparison.Ordinal)),
                    $"{kind} at {step} of {target}: {string.Join(", ", route.Leaked)}"));
            }
        }
    }

    private static Scenario Behind(Scenario scenario, IommuSpec iommu) => scenario with { Host = scenario.Host with { Iommu = iommu } };
}
