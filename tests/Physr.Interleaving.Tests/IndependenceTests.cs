// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;
using Physr.Testing.Interleaving;

namespace Physr.Interleaving.Tests;

/// <summary>Where steps can be swapped one order stands for many, and no outcome is missed.</summary>
public sealed class IndependenceTests
{
    [Fact]
    public void WhereNothingDependsOnAnything_OneOrderIsEnough()
    {
        InterleaveReport report = Interleave.Every(Scenarios.Idlers(3, 3), new() { Preemptions = InterleaveOptions.Unbounded, AreIndependent = static (_, _) => true });
        Assert.Equal(1, report.Schedules);
        Assert.True(report.IsComplete);
    }

    [Fact]
    public void OnlyTheOrdersOfDependentStepsAreTried()
    {
        InterleaveReport report = Interleave.Every(
            static scenario =>
            {
                foreach (string name in new[] { "A", "B" })
                {
                    scenario.Actor(name, static () =>
                    {
                        SchedulePoint.Reach("own");
                        SchedulePoint.Reach("shared");
                        SchedulePoint.Reach("own");
                        SchedulePoint.Reach("shared");
                    });
                }
            },
            new() { Preemptions = InterleaveOptions.Unbounded, AreIndependent = static (one, other) => one != "shared" || other != "shared" });
        Assert.Equal(6, report.Schedules);
    }

    [Fact]
    public void RandomPrograms_HaveTheSameOutcomesWithAndWithoutSwaps()
    {
        for (int seed = 1; seed <= 40; seed++)
        {
            (HashSet<string> all, long allRuns) = Outcomes(seed, areIndependent: null);
            (HashSet<string> few, long fewRuns) = Outcomes(seed, AreIndependent);
            Assert.True(all.SetEquals(few), $"seed {seed}: {all.Count} outcomes, {few.Count} where steps are swapped");
            Assert.True(fewRuns < allRuns, $"seed {seed}: {fewRuns} of {allRuns} runs");
        }
    }

    private static bool AreIndependent(string one, string other) =>
        one == Actor.Start || other == Actor.Start || one[1..] != other[1..] || (one[0] == 'r' && other[0] == 'r');

    /// <summary>Two actors that copy and change two variables, by seed; every other seed under a lock.</summary>
    private static (HashSet<string> Outcomes, long Runs) Outcomes(int seed, Func<string, string, bool>? areIndependent)
    {
        HashSet<string> outcomes = new(StringComparer.Ordinal);
        InterleaveReport report = Interleave.Every(
            scenario =>
            {
                Random random = new(seed);
                int[] variables = new int[2];
                int word = 0;
                for (int actor = 0; actor < 2; actor++)
                {
                    (bool Reads, int Variable)[] steps = [.. Enumerable.Range(0, 4).Select(_ => (random.Next(2) == 0, random.Next(2)))];
                    bool locks = seed % 2 == 0;
                    int mine = actor + 1;
                    scenario.Actor($"{(char)('A' + actor)}", () =>
                    {
                        if (locks)
                        {
                            WordLock.Enter(ref word, "w9");
                        }

                        foreach ((bool reads, int variable) in steps)
                        {
                            SchedulePoint.Reach(reads ? $"r{variable}" : $"w{variable}");
                            mine = reads ? (mine * 5) + variables[variable] : mine;
                            variables[variable] = reads ? variables[variable] : (variables[variable] * 3) + mine;
                        }

                        if (locks)
                        {
                            SchedulePoint.Reach("w9");
                            WordLock.Exit(ref word);
                        }
                    });
                }

                scenario.AtEnd(() => outcomes.Add($"{variables[0]},{variables[1]}"));
            },
            new() { Preemptions = InterleaveOptions.Unbounded, AreIndependent = areIndependent });
        Assert.True(report.IsComplete);
        return (outcomes, report.Runs);
    }
}
