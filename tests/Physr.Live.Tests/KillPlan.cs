// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;

namespace Physr.Live.Tests;

/// <summary>When a child is killed.</summary>
/// <param name="AfterLines">So many lines of its output are waited for.</param>
/// <param name="Delay">So long after that.</param>
internal sealed record KillPlan(int AfterLines, TimeSpan Delay)
{
    /// <summary>Chooses a moment.</summary>
    public static KillPlan Choose(SeededRandom random, int mostLines, TimeSpan longest) =>
        new((int)random.Below((ulong)mostLines + 1), TimeSpan.FromTicks((long)random.Below((ulong)longest.Ticks + 1)));
}
