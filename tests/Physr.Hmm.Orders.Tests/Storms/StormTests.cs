// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm;
using Xunit.Abstractions;

namespace Physr.Hmm.Orders.Tests;

/// <summary>Larger programs in drawn orders. A failure names the seed; PHYSR_STORM_SEED and PHYSR_STORM_RUNS repeat one, or go on for longer.</summary>
public sealed class StormTests(ITestOutputHelper output)
{
    private static readonly WorldOptions s_world = new() { Devices = 2, SwapPages = 65, RamMebibytes = 4 };

    private static int Seed => int.Parse(Environment.GetEnvironmentVariable("PHYSR_STORM_SEED") ?? "20251127");

    [Fact]
    public void ProgramsOfSinglePages_KeepEveryValueAndEveryCount() => Rig.Randomly(output, StormProgram.Small, Runs(2_000), Seed, s_world);

    [Fact]
    public void ProgramsWithoutThePageOfZeros_KeepEveryValueAndEveryCount() => Rig.Randomly(output, StormProgram.Small, Runs(1_000), Seed + 1_000_000, s_world with { UsesZeroPage = false, IsCharged = false });

    [Fact]
    public void ProgramsOf2MebibytePages_KeepEveryValueAndEveryCount() =>
        Rig.Randomly(output, StormProgram.Huge, Runs(60), Seed, s_world with { RamMebibytes = 24, HugePages = HugePagePolicy.Always, UsesHugeZeroPage = true });

    private static int Runs(int usual) => int.TryParse(Environment.GetEnvironmentVariable("PHYSR_STORM_RUNS"), out int runs) ? runs : usual;
}
