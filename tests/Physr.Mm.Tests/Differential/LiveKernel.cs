// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>The kernel that these tests ask; where it cannot be asked they are skipped, in CI they fail.</summary>
internal static class LiveKernel
{
    /// <summary>Where sequences start: other numbers are other programs.</summary>
    public static ulong FirstSeed { get; } = Number("PHYSR_DIFFERENTIAL_SEED", 1);

    /// <summary>How many sequences the model is compared on.</summary>
    public static int Sequences { get; } = (int)Number("PHYSR_DIFFERENTIAL_COUNT", 10_000);

    /// <summary>How many sequences the kernel is asked twice.</summary>
    public static int Repeats { get; } = (int)Number("PHYSR_DIFFERENTIAL_REPEATS", 1_500);

    public static KernelAgent Need(int? cpu = null)
    {
        KernelAgent? agent = KernelAgent.TryStart(out string reason, cpu);
        if (Environment.GetEnvironmentVariable("CI") == "true")
        {
            Assert.True(agent is not null, reason);
        }

        Skip.If(agent is null, reason);
        return agent!;
    }

    public static IEnumerable<MmSequence> Programs(KernelAgent agent, int count, ulong offset = 0) =>
        Enumerable.Range(0, count).Select(i => OpGenerator.Generate(FirstSeed + offset + (ulong)i, agent.Policy.HasGuardRegions && agent.Policy.HasFileGuardRegions));

    private static ulong Number(string variable, ulong otherwise) => ulong.TryParse(Environment.GetEnvironmentVariable(variable), out ulong number) ? number : otherwise;
}
