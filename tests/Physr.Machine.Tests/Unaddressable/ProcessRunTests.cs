// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Reports;

namespace Physr.Machine.Tests.Unaddressable;

public sealed class ProcessRunTests
{
    [Theory]
    [InlineData("- { name: r }")]
    [InlineData("- { name: r, hugePages: false }")]
    [InlineData("- { name: r, granule: 64KiB }")]
    [InlineData("- { name: r, granule: 64KiB, hugePages: true }")]
    [InlineData("- { name: r, granule: 4KiB }")]
    [InlineData("- { name: r, granule: 4KiB, numbering: physicalRange }")]
    [InlineData("- { name: r, iommu: { mode: strict } }")]
    [InlineData("- { name: r, granule: 4KiB, iommu: { mode: lazy } }")]
    public void R21_R34_R39_AGpuWorksOnFourTimesItsMemory_AndTheCpusTouchBringsItHome(string route)
    {
        RouteReport only = Run(route);
        Assert.Equal("migrate", only.Verdict);
        Assert.Equal(1024UL, only.PageDescriptors);
        UnaddressableReport process = only.Unaddressable!;
        Assert.True(process.ToDevice >= 4096, $"{process.ToDevice} pages to the GPU");
        Assert.Equal(process.ToDevice, process.ToRam);
        Assert.True(process.Evictions >= 3 * 1024, $"{process.Evictions} evictions");
        Assert.True(process.CpuFaults > 0 && process.DeviceFaults > 0 && process.FaultRecords >= process.DeviceFaults);
        Assert.Equal((ulong)(process.ToDevice + process.ToRam) * 4096, process.MigratedBytes);

        // Every migrated byte crossed the link, one way or the other.
        Assert.Equal(process.MigratedBytes, only.Links.Aggregate(0UL, static (sum, link) => sum + link.Bytes) - AtomicBytes(only));
        Assert.Equal(0, process.PinnedLeaks);
        Assert.True(process.FaultsPerSecond > 0 && process.MigrationBytesPerSecond > 0);
    }

    [Theory]
    [InlineData("- { name: r, policy: mapSystem }")]
    [InlineData("- { name: r, policy: mapSystem, granule: 4KiB, iommu: { mode: strict } }")]
    public void R41_WithoutMigrationTheGpuReachesRamOverTheBus(string route)
    {
        RouteReport only = Run(route);
        UnaddressableReport process = only.Unaddressable!;
        Assert.Equal("mapSystem", only.Verdict);
        Assert.Equal((0L, 0L, 0L, 0UL), (process.ToDevice, process.ToRam, process.CpuFaults, process.MigratedBytes));
        Assert.True(process.MappedInRam >= 4096, $"{process.MappedInRam} pages");
        Assert.All(only.Links, static link => Assert.True(link.Bytes >= 16 << 20));
        Assert.All(process.Moments, static moment => Assert.Equal(0, moment.DevicePages));
    }

    [Fact]
    public void R40_CpuAndGpuCountInTheSamePages_EachHavingThemAlone()
    {
        UnaddressableReport process = Run("- { name: r }").Unaddressable!;

        // Each counter at least once, and again after each touch of the CPU.
        Assert.True(process.Exclusive > 5, $"{process.Exclusive} times");
    }

    [Fact]
    public void R26a_SmapsKeepsCountingWhatIsWithTheGpu()
    {
        UnaddressableReport process = Run("- { name: r }").Unaddressable!;
        Assert.Equal(["before", "during", "after"], process.Moments.Select(static moment => moment.Name));
        Assert.Equal([0L, 1024L, 0L], process.Moments.Select(static moment => moment.DevicePages));
        Assert.All(process.Moments, static moment =>
        {
            AreaUsage data = moment.Areas.Single(static area => area.End - area.Start == 16 << 20);
            Assert.Equal("rw-p", data.Permissions);
            Assert.Equal((16UL << 20, 16UL << 20, 16UL << 20), (data.Usage.Rss, data.Usage.Pss, data.Usage.Anonymous));
            Assert.Equal(0UL, data.Usage.Swap);
        });
        Assert.All(process.Moments, static moment => Assert.Null(moment.Smaps));
    }

    [Fact]
    public void R16_RamThatIsAddedCollidesWithAMadeUpRange_AndNeverWithTheOffsetSpace()
    {
        const string Hotplug = "hotplug: { at: 0x3ffff8000000, size: 128MiB }";
        RunReport report = ScenarioRunner.Run(ProcessScenario.Good(ProcessScenario.Text($"- {{ name: a, {Hotplug} }}\n  - {{ name: b, numbering: physicalRange, {Hotplug} }}")));
        Assert.True(report.Verified);
        Assert.Equal(0, report.Leaks);
        HotplugReport added = report.Routes[0].Unaddressable!.Hotplug!;
        Assert.Equal(("added", ""), (added.Outcome, added.Message));
        HotplugReport refused = report.Routes[1].Unaddressable!.Hotplug!;
        Assert.Equal("EEXIST", refused.Outcome);
        Assert.StartsWith("Unaddressable device gpu0 [mem 0x3ffff8000000-0x3fffffffffff] conflicts with", refused.Message, StringComparison.Ordinal);
        Assert.Equal(report.Routes[0].Sha256, report.Routes[1].Sha256);
    }

    [Fact]
    public void TwoRunsOfOneSeedAreAlike_AndAnotherSeedHasOtherBytes()
    {
        Physr.Machine.Scenarios.Scenario scenario = ProcessScenario.Good(ProcessScenario.Text("- { name: r, granule: 64KiB }"));
        RouteReport first = ScenarioRunner.Run(scenario).Routes[0];
        RouteReport second = ScenarioRunner.Run(scenario).Routes[0];
        Assert.Equal((first.Sha256, first.EstimatedSeconds, first.DramBytes, first.DramControlBytes), (second.Sha256, second.EstimatedSeconds, second.DramBytes, second.DramControlBytes));
        Assert.Equal(first.Unaddressable! with { Moments = [] }, second.Unaddressable! with { Moments = [] });
        Assert.NotEqual(first.Sha256, ScenarioRunner.Run(scenario, seed: 8).Routes[0].Sha256);
    }

    [Fact]
    public void WhereverTheGpuFails_NoByteIsWrongUnnoticed_AndNothingIsLeft()
    {
        foreach (string kind in new[] { "dmaError", "unsupportedRequest", "lateCompletion", "linkDown", "surpriseRemoval" })
        {
            foreach (int step in new[] { 30, 300, 1000, 3000 })
            {
                RouteReport route = Assert.Single(ScenarioRunner.Run(ProcessScenario.Good(ProcessScenario.Text(
                    "- { name: r, granule: 64KiB }", $"- {{ kind: {kind}, target: gpu0, step: {step} }}"))).Routes);
                string what = $"{kind} at {step}: {string.Join("; ", route.Transfers.Select(static transfer => transfer.Error).Concat(route.Leaked))}";
                Assert.True(route.Leaks == 0, what);
                Assert.True(route.Verified || route.Transfers.Any(static transfer => transfer.Error is not null && !transfer.Error.Contains("should be there", StringComparison.Ordinal)), what);
            }
        }
    }

    [Fact]
    public void ADumpHasTheKernelsForms()
    {
        Physr.Machine.Scenarios.Scenario scenario = ProcessScenario.Good(ProcessScenario.Text());
        scenario = scenario with { Unaddressable = scenario.Unaddressable! with { KeepsDumps = true } };
        MemoryMoment during = Assert.Single(ScenarioRunner.Run(scenario).Routes).Unaddressable!.Moments[1];
        Assert.Contains("7f0000000000-7f0001000000 rw-p 00000000 00:00 0", during.Maps, StringComparison.Ordinal);
        Assert.Contains("\nRss:               16384 kB\n", during.Smaps, StringComparison.Ordinal);
        string[] lines = during.Pagemap!.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains(lines, static line => line.StartsWith("7f0000", StringComparison.Ordinal) && line.EndsWith("[swap exclusive]", StringComparison.Ordinal));
        Assert.Contains(lines, static line => line.StartsWith("7f0000", StringComparison.Ordinal) && line.EndsWith("+1 [present exclusive]", StringComparison.Ordinal));
    }

    private static ulong AtomicBytes(RouteReport route) => route.Links.Aggregate(0UL, static (sum, link) => sum + (link.Bytes % 4096));

    private static RouteReport Run(string route)
    {
        RouteReport only = Assert.Single(ScenarioRunner.Run(ProcessScenario.Good(ProcessScenario.Text(route))).Routes);
        Assert.True(only.Verified, string.Join("\n", only.Transfers.Select(static transfer => transfer.Error)));
        Assert.True(only.Leaks == 0, string.Join("\n", only.Leaked));
        return only;
    }
}
