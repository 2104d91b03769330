// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Reports;

namespace Physr.Machine.Tests.Slices;

public sealed class SliceRunTests
{
    [Fact]
    public void R44a_R69a_ThreeBarsOf4KiBInOne2MiBAreLentTakenBackInFlightAndLentAgain()
    {
        RouteReport route = Run("- { name: peer }");
        Assert.Equal("busAddress", route.Verdict);
        SlicesReport slices = route.Slices!;
        Assert.Equal((3, 3, 12UL << 10, 2), (slices.Buffers, slices.Slices, slices.SliceBytes, slices.Importers));
        Assert.True(slices.SpanBytes <= 2 << 20, $"{slices.SpanBytes} bytes apart");
        Assert.Equal((12, 3, 24), (slices.Mappings, slices.Revokes, slices.InFlight));
        Assert.True(slices.ProtocolSteps > 100, $"{slices.ProtocolSteps}");

        // Before and after: three writes, three reads; in flight: each buffer in the device and at its reader.
        Assert.Equal(3 * (2 + 2 + 2), route.Transfers.Count);
        Assert.Equal(18UL * 4096, route.PayloadBytes);
        Assert.Equal(0UL, route.DramBytes);
        Assert.Equal((0UL, 0UL), (route.PageDescriptors, route.DescriptorBytes));
    }

    [Fact]
    public void R69a_WithoutAnIommuAnAddressOfBeforeIsNoLongerDecoded()
    {
        SlicesReport slices = Run("- { name: peer }").Slices!;
        Assert.Equal(12, slices.RefusedAccesses.Count);
        Assert.All(slices.RefusedAccesses, static access => Assert.Equal("UnsupportedRequest", access.Status));
        Assert.Equal(3, slices.RefusedAccesses.Count(static access => access is { Importer: "gpu1", Access: "write" }));

        // One attachment of each buffer, and a mapping of each by both.
        Assert.Equal(3 + 6, slices.RefusedMappings);
    }

    [Theory]
    [InlineData("strict")]
    [InlineData("lazy")]
    public void R69a_BehindAnIommuAnAddressOfBeforeFaults_LazyFlushingIncluded(string mode)
    {
        RouteReport route = Run($"- {{ name: up, iommu: {{ mode: {mode} }}, {SliceScenario.Redirect} }}");
        Assert.Equal("throughHostBridge", route.Verdict);
        Assert.Equal(12, route.Slices!.RefusedAccesses.Count);
        Assert.All(route.Slices.RefusedAccesses, static access => Assert.Equal("IommuFault", access.Status));
        Assert.Equal(12UL, route.Iommu!.Faults);
        Assert.Equal(mode, route.Iommu.Mode);
    }

    [Fact]
    public void R70a_ABufferOfSeveralSlicesIsOneWindowBehindAnIommu_AndSeveralEntriesWithoutOne()
    {
        const string Buffers = "[ { name: both, bar: 0, ranges: [ { offset: 0, length: 4KiB }, { offset: 12KiB, length: 4KiB } ] } ]";
        string routes = $"- {{ name: peer }}\n  - {{ name: up, iommu: {{ mode: strict }}, {SliceScenario.Redirect} }}";
        RunReport report = ScenarioRunner.Run(SliceScenario.Good(SliceScenario.Text(routes, Buffers).Replace("[4KiB, 4KiB, 4KiB]", "[16KiB]", StringComparison.Ordinal)));
        Assert.True(report.Verified);
        Assert.Equal([4, 2], report.Routes.Select(static route => route.RangeEntries));
        Assert.Equal(report.Routes[0].Sha256, report.Routes[1].Sha256);
    }

    [Fact]
    public void R53c_ARouteThatIsRefusedFailsByName_AndLeavesNothing()
    {
        string text = SliceScenario.Text($"- {{ name: never, {SliceScenario.Redirect} }}", cpu: "{ vendor: GenuineIntel, family: 6 }");
        RouteReport route = Assert.Single(ScenarioRunner.Run(SliceScenario.Good(text.Replace("1022:14a4", "8086:1234", StringComparison.Ordinal))).Routes);
        Assert.Equal("notSupported", route.Verdict);
        Assert.False(route.Verified);
        Assert.Equal(0, route.Leaks);
        Assert.Contains("EREMOTEIO", Assert.Single(route.Transfers).Error!, StringComparison.Ordinal);
    }

    [Fact]
    public void TwoRunsOfOneSeedAreAlike_AndAnotherSeedMovesOtherBytes()
    {
        Physr.Machine.Scenarios.Scenario scenario = SliceScenario.Good(SliceScenario.Text());
        RouteReport first = ScenarioRunner.Run(scenario).Routes[0];
        RouteReport second = ScenarioRunner.Run(scenario).Routes[0];
        Assert.Equal(first.Sha256, second.Sha256);
        Assert.Equal(first.EstimatedSeconds, second.EstimatedSeconds);
        Assert.Equal(first.Slices!.ProtocolSteps, second.Slices!.ProtocolSteps);
        Assert.NotEqual(first.Sha256, ScenarioRunner.Run(scenario, seed: 8).Routes[0].Sha256);
    }

    private static RouteReport Run(string route)
    {
        RunReport report = ScenarioRunner.Run(SliceScenario.Good(SliceScenario.Text(route)));
        RouteReport only = Assert.Single(report.Routes);
        Assert.True(only.Verified, string.Join("\n", only.Transfers.Select(static transfer => transfer.Error)));
        Assert.True(only.Leaks == 0, string.Join("\n", only.Leaked));
        return only;
    }
}
