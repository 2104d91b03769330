// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.PageTables;
using Physr.Machine.Scenarios;

namespace Physr.Machine.Tests.Storms;

/// <summary>A million random steps in all: every access ends as it should and moves the bytes that it should, and nothing is left at the end.</summary>
public sealed class DmaStormTests
{
    private const int Steps = 25_000;

    public static TheoryData<ulong, string> Storms()
    {
        TheoryData<ulong, string> storms = [];
        string[] kinds = ["strict amdV1", "strict vtd", "lazy x86-64", "lazy amdV1", "passthrough vtd", "none", "strict x86-64", "lazy vtd"];
        for (ulong seed = 1; seed <= 40; seed++)
        {
            storms.Add(seed, kinds[seed % (ulong)kinds.Length]);
        }

        return storms;
    }

    [Theory]
    [MemberData(nameof(Storms))]
    public void R53_R64_R69_R79_AStormOfMapsRevokesUnplugsAndAcsChangesMovesTheRightBytesOrNone(ulong seed, string iommu)
    {
        using DmaStorm storm = new(seed, Spec(iommu), busOffset: seed % 3 == 0 ? 0x1000_0000_0000UL : 0);
        int step = 0;
        try
        {
            for (; step < Steps; step++)
            {
                storm.Step();
                if (step == Steps / 4 * 3)
                {
                    // Chance may have it that nothing was pulled out so far.
                    storm.Unplug();
                }
            }

            storm.Finish();
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"seed {seed}, {iommu}, step {step}: {failure.Message}", failure);
        }

        string[] always = ["list", "streaming", "unmap", "access", "ACS change", "revoke", "un-revoke", "slices mapped", "slices revoked", "refused: revoked"];
        Assert.All(always, what => Assert.True(storm.Counts.GetValueOrDefault(what) > 10, $"seed {seed}: {what} hardly happened"));
        Assert.True(storm.Counts.GetValueOrDefault("unplug") > 0, $"seed {seed}: no device was pulled out");
        Assert.True(!iommu.StartsWith("lazy", StringComparison.Ordinal) || storm.Counts.GetValueOrDefault("stale: Success") > 10, $"seed {seed}: lazy unmapping's window was not seen");
        Assert.True(!iommu.StartsWith("strict", StringComparison.Ordinal) || storm.Counts.GetValueOrDefault("stale: IommuFault") > 50, $"seed {seed}: no stale access");
    }

    private static IommuSpec? Spec(string words)
    {
        string[] parts = words.Split(' ');
        return parts[0] == "none"
            ? null
            : new(
                parts[1] switch { "amdV1" => IoPageTableFormat.AmdV1, "vtd" => IoPageTableFormat.VtdSecondStage, _ => IoPageTableFormat.X86_64 },
                parts[0] switch { "strict" => IommuPolicy.Strict, "lazy" => IommuPolicy.Lazy, _ => IommuPolicy.Passthrough },
                IotlbEntries: 64);
    }
}
