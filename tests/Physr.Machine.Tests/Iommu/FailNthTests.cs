// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.PageTables;
using Physr.Machine.Offload;
using Physr.Machine.Reports;
using Physr.Machine.Scenarios;
using Physr.Machine.Tests.Offload;
using Physr.Memory;

namespace Physr.Machine.Tests.Iommu;

/// <summary>Row R91 for a whole run behind an IOMMU and through bounce slots: whichever step of mapping fails, the run ends, says so, and holds nothing.</summary>
public sealed class FailNthTests
{
    [Theory]
    [InlineData(IommuPolicy.Strict, 64)]
    [InlineData(IommuPolicy.Lazy, 64)]
    [InlineData(IommuPolicy.Passthrough, 32)]
    public void R91_WhicheverStepOfMappingFails_NothingIsLeftBehind(IommuPolicy policy, int bits)
    {
        RouteSpec route = OffloadScenario.Bounce with
        {
            Iommu = new(IoPageTableFormat.VtdSecondStage, policy, 64),
            DmaMaskBits = new Dictionary<string, int>(StringComparer.Ordinal) { ["nvme0"] = bits, ["nvme1"] = bits },
        };
        Scenario scenario = OffloadScenario.Make([route], length: 32 << 10);
        scenario = scenario with { Host = scenario.Host with { RamBytes = 4UL << 30 }, Transfers = [scenario.Transfers[2]] };
        FailNth.Repeat(least: 10, gate =>
        {
            RouteReport report = Run(scenario, route, gate, out string? refusal);
            if (refusal is not null)
            {
                return false;
            }

            Assert.True(report.Leaks == 0, $"{gate.FailedAt}: {string.Join(", ", report.Leaked)}");
            Assert.Equal(report.Verified, report.Transfers.All(static transfer => transfer.Error is null));
            return report.Verified;
        });
    }

    /// <summary>A machine whose own tables find no page is not built at all: that is told at once.</summary>
    private static RouteReport Run(Scenario scenario, RouteSpec route, FailNthGate gate, out string? refusal)
    {
        refusal = null;
        try
        {
            using RouteRun run = new(scenario, route, scenario.Seed, null, gate);
            return run.Run(CancellationToken.None);
        }
        catch (PhysrException failure) when (failure.Errno == Errno.ENOMEM)
        {
            refusal = failure.Message;
            return null!;
        }
    }
}
