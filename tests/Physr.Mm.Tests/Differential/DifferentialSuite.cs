// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Xunit.Abstractions;

namespace Physr.Mm.Tests.Differential;

/// <summary>The whole comparison of a model with the live kernel, as a test calls it.</summary>
internal static class DifferentialSuite
{
    /// <summary>
    /// Compares on <see cref="LiveKernel.Sequences"/> programs; at the first difference fails with the seed and the shrunk program. <paramref name="make"/> gives a new world that follows the machine's
    /// policy; the sequence is what it will be asked, which a model has no use for.
    /// </summary>
    public static void Run(Func<MachinePolicy, MmSequence, IProcessWorld> make, ITestOutputHelper output, CompareOptions options = CompareOptions.None, int? sequences = null)
    {
        using KernelAgent agent = LiveKernel.Need();
        int count = sequences ?? LiveKernel.Sequences;
        output.WriteLine($"{agent.Policy}, seeds from {LiveKernel.FirstSeed}");
        if (!agent.Policy.HasFileGuardRegions)
        {
            output.WriteLine("Guard regions are left out: this kernel does not have them for all kinds of mappings.");
        }

        Stopwatch watch = Stopwatch.StartNew();
        DifferentialRun run = new(agent, sequence => make(agent.Policy, sequence), options);
        Difference? difference = run.CheckAll(LiveKernel.Programs(agent, count));
        output.WriteLine($"{run.Compared} sequences in {watch.Elapsed.TotalSeconds:f1} s, {run.Compared / watch.Elapsed.TotalSeconds:f0} a second");
        if (difference is not null)
        {
            Assert.Fail($"PHYSR_DIFFERENTIAL_SEED={difference.Sequence.Seed} PHYSR_DIFFERENTIAL_COUNT=1 brings this back:\n{run.Shrink(difference)}\nBefore it was shrunk:\n{difference}");
        }
    }
}
