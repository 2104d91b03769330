// Copyright (c) The Physr authors. Licensed under the MIT license.

using Xunit.Abstractions;

namespace Physr.Paging.Orders.Tests;

/// <summary>Larger programs in drawn orders. A failure names the seed; PHYSR_STORM_SEED and PHYSR_STORM_RUNS repeat one, or go on for longer.</summary>
public sealed class StormTests(ITestOutputHelper output)
{
    private static int Seed => int.Parse(Environment.GetEnvironmentVariable("PHYSR_STORM_SEED") ?? "20251128");

    private static int Runs => int.TryParse(Environment.GetEnvironmentVariable("PHYSR_STORM_RUNS"), out int runs) ? runs : 4_000;

    [Fact]
    public void DrawnPrograms_LoseNoByteAndNobody() => Rig.Randomly(output, StormProgram.Build, Runs, Seed, new() { Pages = StormProgram.Pages });
}
