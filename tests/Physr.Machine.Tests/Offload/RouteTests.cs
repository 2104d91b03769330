// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Reports;
using Physr.Machine.Scenarios;
using Physr.Machine.Simulation;

namespace Physr.Machine.Tests.Offload;

/// <summary>What each route costs, and that the same bytes arrive by all of them.</summary>
public sealed class RouteTests
{
    private const ulong Payload = 3 * (256 << 10);

    [Fact]
    public void EveryRouteDeliversTheSameBytes()
    {
        RunReport report = ScenarioRunner.Run(OffloadScenario.Make([OffloadScenario.Bounce, OffloadScenario.WithPages, OffloadScenario.PageLess, OffloadScenario.AcrossRootPorts]));
        Assert.True(report.Verified);
        Assert.Equal(0, report.Leaks);
        Assert.Single(report.Routes.Select(static route => route.Sha256).Distinct(StringComparer.Ordinal));
        Assert.All(report.Routes, static route => Assert.Equal(Payload, route.PayloadBytes));
    }

    [Fact]
    public void BounceWritesEachByteToDramAndReadsItBack()
    {
        RouteReport route = Run(OffloadScenario.Bounce);
        Assert.Equal("bounce", route.Verdict);
        Assert.Equal(2 * Payload, route.DramBytes);
        Assert.Equal(0UL, route.PageDescriptors);
    }

    [Fact]
    public void R92a_BelowOneSwitchNoPayloadTouchesDramOrTheRootPort()
    {
        RouteReport route = Run(OffloadScenario.PageLess);
        Assert.Equal("busAddress", route.Verdict);
        Assert.Equal(0UL, route.DramBytes);
        Assert.NotEqual(0UL, route.DramControlBytes);
        Assert.All(route.Links.Where(static link => link.From == "rp0" || link.To == "rp0"), static link => Assert.Equal(0UL, link.Bytes));

        // Into the buffer: remote read and drive-to-drive from nvme0; out of it again: to the NIC. What nvme1 itself stores or fetches stays inside it.
        Assert.Equal(2UL * (256 << 10), Bytes(route, "nvme0", "sw0"));
        Assert.Equal(3UL * (256 << 10), Bytes(route, "sw0", "nvme1"));
        Assert.Equal(1UL * (256 << 10), Bytes(route, "nvme1", "sw0"));
    }

    [Fact]
    public void R44b_TheWayOfRangesMakesNoPageDescriptor_TheWayOfPagesOneForEach4KiB()
    {
        Assert.Equal(0UL, Run(OffloadScenario.PageLess).PageDescriptors);
        RouteReport pages = Run(OffloadScenario.WithPages);
        Assert.Equal((4UL << 20) / 4096, pages.PageDescriptors);
        Assert.Equal(64 * pages.PageDescriptors, pages.DescriptorBytes);
        Assert.Equal(Run(OffloadScenario.PageLess).Links.Select(static link => link.Bytes), pages.Links.Select(static link => link.Bytes));
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(0x1000_0000_0000UL)]
    public void R53b_AcrossRootPortsTheBytesGoThroughTheHostBridgeButNotThroughDram(ulong busOffset)
    {
        RouteReport route = Assert.Single(ScenarioRunner.Run(OffloadScenario.Make([OffloadScenario.AcrossRootPorts], busOffset: busOffset)).Routes);
        Assert.Equal("throughHostBridge", route.Verdict);
        Assert.True(route.Verified);
        Assert.Equal(0UL, route.DramBytes);
        Assert.Equal(Payload, Bytes(route, "rp1", "gpu0"));
        Assert.Equal(Payload, Bytes(route, "gpu0", "rp1"));
    }

    [Fact]
    public void R92b_ARefusedRouteFallsBackToBounceAndSaysSo()
    {
        RouteReport route = Run(OffloadScenario.AcrossRootPorts with { CpuVendor = "GenuineIntel", CpuFamily = 6 });
        Assert.Equal("notSupported", route.Verdict);
        Assert.True(route.FellBack);
        Assert.Equal("ram", route.Provider);
        Assert.Equal(2 * Payload, route.DramBytes);
        Assert.True(route.Verified);
        Assert.Contains(route.Reasons, static reason => reason.Contains("1022:14a4", StringComparison.Ordinal) && reason.Contains("not in the list", StringComparison.Ordinal));
        Assert.Contains(route.Reasons, static reason => reason.Contains("fell back", StringComparison.Ordinal));
    }

    [Fact]
    public void R92b_WhereFallingBackIsForbiddenNothingMovesAndTheRunFails()
    {
        RouteReport route = Run(OffloadScenario.AcrossRootPorts with { CpuVendor = "GenuineIntel", CpuFamily = 6, FallBack = false });
        Assert.Equal("notSupported", route.Verdict);
        Assert.False(route.Verified);
        Assert.Equal(0UL, route.DramBytes);
        Assert.All(route.Transfers, static transfer => Assert.NotNull(transfer.Error));
    }

    [Fact]
    public void R50a_AnAcsRedirectOnOneRouteSendsItOverTheRootPort()
    {
        RouteReport route = Run(OffloadScenario.PageLess with { AcsControl = new Dictionary<string, ushort>(StringComparer.Ordinal) { ["p0"] = OffloadScenario.Redirect } });
        Assert.Equal("throughHostBridge", route.Verdict);
        Assert.True(route.Verified);
        Assert.NotEqual(0UL, Bytes(route, "sw0", "rp0"));
        Assert.Equal(0UL, route.DramBytes);
    }

    [Fact]
    public void R48b_TheNearestPublishedMemoryIsChosen_AndItMayBeTheClientsOwn()
    {
        RouteReport route = Run(new() { Name = "auto", Automatic = true });
        Assert.Equal("nvme1 BAR 4", route.Provider);
        Assert.Equal("busAddress", route.Verdict);
        Assert.Contains(route.Reasons, static reason => reason.Contains("nearest", StringComparison.Ordinal));
    }

    [Fact]
    public void OneSeedGivesOneReport_AndAnotherGivesOtherBytes()
    {
        Scenario scenario = OffloadScenario.Make([OffloadScenario.Bounce, OffloadScenario.PageLess]);
        string first = Describe(ScenarioRunner.Run(scenario, 11));
        Assert.Equal(first, Describe(ScenarioRunner.Run(scenario, 11)));
        Assert.NotEqual(first, Describe(ScenarioRunner.Run(scenario, 12)));
    }

    [Fact]
    public void AFileThatIsOnlyASource_IsOpenedForReadingAlone()
    {
        string path = Path.GetTempFileName();
        try
        {
            byte[] content = new byte[4 << 20];
            new Random(3).NextBytes(content);
            File.WriteAllBytes(path, content);
            File.SetAttributes(path, FileAttributes.ReadOnly);
            OpenModes modes = new(path);

            RouteReport route = Assert.Single(ScenarioRunner.Run(OffloadScenario.Make([OffloadScenario.PageLess], source: path), observer: modes).Routes);

            Assert.True(route.Verified);
            Assert.Equal([OpenModes.ReadOnly], modes.Seen);
            Assert.Equal(content, File.ReadAllBytes(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void AFileBehindANamespaceReceivesTheBytes()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, new byte[4 << 20]);
            RouteReport route = Assert.Single(ScenarioRunner.Run(OffloadScenario.Make([OffloadScenario.PageLess], file: path)).Routes);
            Assert.True(route.Verified);
            byte[] written = File.ReadAllBytes(path);
            string digest = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(written.AsSpan(1 << 20, 256 << 10)));
            Assert.Equal(route.Transfers.Single(static transfer => transfer.Name == "drive-to-drive").Sha256, digest);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void WhereFilesAreWrittenAndReadEachRouteStillMovesTheSameBytes()
    {
        string path = Path.GetTempFileName();
        try
        {
            byte[] content = new byte[4 << 20];
            new SeededRandom(9).Fill(content);
            File.WriteAllBytes(path, content);
            Scenario there = OffloadScenario.Make([OffloadScenario.Bounce, OffloadScenario.PageLess], file: path);
            Scenario both = there with { Transfers = [new("read-first", "ns1", 1 << 20, "remote", 3 << 20, 64 << 10, 32 << 10, 4), .. there.Transfers] };
            RunReport report = ScenarioRunner.Run(both);
            Assert.True(report.Verified);
            Assert.Single(report.Routes.Select(static route => route.Sha256).Distinct(StringComparer.Ordinal));
            Assert.NotEqual(content, File.ReadAllBytes(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void TheBottleneckIsNamedAndTheTimeCannotBeLessThanItsBytesTake()
    {
        RouteReport route = Run(OffloadScenario.PageLess);
        Assert.NotEqual("none", route.Bottleneck);
        double slowest = Bytes(route, "sw0", "nvme1") / (double)Physr.Machine.Fabric.LinkRate.BytesPerSecond(4, 4);
        Assert.True(route.EstimatedSeconds > slowest, $"{route.EstimatedSeconds} s for what the link alone needs {slowest} s");
    }

    [Fact]
    public void ACancelledRunStops()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => ScenarioRunner.Run(OffloadScenario.Make([OffloadScenario.Bounce]), cancellation: source.Token));
    }

    private static RouteReport Run(RouteSpec route) => Assert.Single(ScenarioRunner.Run(OffloadScenario.Make([route])).Routes);

    private static ulong Bytes(RouteReport route, string from, string to) =>
        route.Links.Single(link => link.From.Equals(from, StringComparison.Ordinal) && link.To.Equals(to, StringComparison.Ordinal)).Bytes;

    private static string Describe(RunReport report) =>
        System.Text.Json.JsonSerializer.Serialize(report with { Routes = [.. report.Routes.Select(static route => route with { WallSeconds = 0 })] });
}
