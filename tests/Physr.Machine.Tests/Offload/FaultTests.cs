// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Reports;
using Physr.Machine.Scenarios;

namespace Physr.Machine.Tests.Offload;

/// <summary>Whatever fails at whichever step, bytes are right or reported missing, and everything is given back.</summary>
public sealed class FaultTests
{
    public static TheoryData<FaultKind, string> KindsAndTargets()
    {
        TheoryData<FaultKind, string> data = [];
        foreach (FaultKind kind in Enum.GetValues<FaultKind>())
        {
            foreach (string target in new[] { "nvme0", "nvme1", "nic0", "gpu0" })
            {
                data.Add(kind, target);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(KindsAndTargets))]
    public void R91a_AFaultAtAnyStepIsAnErrorOrHarmless_NeverWrongBytes_NeverALeak(FaultKind kind, string target)
    {
        // A GPU masters nothing here: its aperture stages the bytes, and each peer's access to it is a step.
        bool isAnswering = target == "gpu0";
        ulong injected = 0;
        bool hit = true;
        for (ulong step = 1; hit; step += Stride(step))
        {
            Scenario scenario = OffloadScenario.Make([isAnswering ? OffloadScenario.AcrossRootPorts : OffloadScenario.PageLess], [new(kind, target, step, null)], length: 64 << 10);
            RouteReport route = Assert.Single(ScenarioRunner.Run(scenario).Routes);
            hit = route.Reasons.Any(static reason => reason.StartsWith("injected:", StringComparison.Ordinal));
            string what = $"{kind} at step {step} of {target}, seed {scenario.Seed}: ";
            Assert.True(route.Leaks == 0, what + string.Join("; ", route.Leaked));
            Assert.All(route.Transfers, transfer => Assert.True(transfer.Verified == transfer.Error is null, what + transfer.Error));
            Assert.DoesNotContain(route.Transfers, static transfer => transfer.Error?.Contains("not the source's", StringComparison.Ordinal) == true);
            injected += hit ? 1UL : 0;
        }

        Assert.True(injected > (isAnswering ? 8UL : 20UL), $"only {injected} steps of {target} were hit");
    }

    [Theory]
    [InlineData(FaultKind.SurpriseRemoval)]
    [InlineData(FaultKind.LinkDown)]
    public void AFaultIsReportedByName(FaultKind kind)
    {
        Scenario scenario = OffloadScenario.Make([OffloadScenario.PageLess], [new(kind, "nvme0", 30, null)]);
        RouteReport route = Assert.Single(ScenarioRunner.Run(scenario).Routes);
        Assert.False(route.Verified);
        Assert.Contains(route.Reasons, reason => reason.Contains("at transaction 30 of nvme0", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(FaultKind.LinkDown)]
    [InlineData(FaultKind.SurpriseRemoval)]
    [InlineData(FaultKind.DmaError)]
    public void ADeviceThatOnlyAnswersCanFailToo(FaultKind kind)
    {
        Scenario scenario = OffloadScenario.Make([OffloadScenario.AcrossRootPorts], [new(kind, "gpu0", 3, null)]);
        RouteReport route = Assert.Single(ScenarioRunner.Run(scenario).Routes);
        Assert.False(route.Verified);
        Assert.Equal(0, route.Leaks);
        Assert.Contains(route.Reasons, static reason => reason.EndsWith("at transaction 3 of gpu0", StringComparison.Ordinal));
    }

    [Fact]
    public void AFaultThatIsNeverReachedIsReported()
    {
        Scenario scenario = OffloadScenario.Make([OffloadScenario.PageLess], [new(FaultKind.LinkDown, "nvme0", 1_000_000, null)]);
        RouteReport route = Assert.Single(ScenarioRunner.Run(scenario).Routes);
        Assert.True(route.Verified);
        Assert.Contains(route.Reasons, static reason => reason.StartsWith("not injected: linkDown at transaction 1000000 of nvme0: it had ", StringComparison.Ordinal));
    }

    [Fact]
    public void BytesThatDidNotArriveAreNotCounted()
    {
        Scenario scenario = OffloadScenario.Make([OffloadScenario.PageLess], [new(FaultKind.LinkDown, "nvme0", 5, null)]);
        RouteReport route = Assert.Single(ScenarioRunner.Run(scenario).Routes);
        Assert.Equal(route.Transfers.Aggregate(0UL, static (sum, transfer) => sum + transfer.Bytes), route.PayloadBytes);
        Assert.True(route.PayloadBytes < 3 * (256 << 10));
    }

    [Fact]
    public void AFaultOfOneRouteLeavesTheOthersAlone()
    {
        Scenario scenario = OffloadScenario.Make([OffloadScenario.Bounce, OffloadScenario.PageLess], [new(FaultKind.SurpriseRemoval, "nvme0", 30, "bounce")]);
        RunReport report = ScenarioRunner.Run(scenario);
        Assert.False(report.Verified);
        Assert.False(report.Routes[0].Verified);
        Assert.True(report.Routes[1].Verified);
        Assert.Equal(0, report.Leaks);
    }

    /// <summary>Each of the first steps, where the devices come up, then ever wider: a run stays short and every phase is hit.</summary>
    private static ulong Stride(ulong step) => step < 40 ? 1UL : step < 120 ? 5UL : 17UL;
}
