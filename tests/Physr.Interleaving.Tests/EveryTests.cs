// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;
using Physr.Testing.Interleaving;

namespace Physr.Interleaving.Tests;

/// <summary>All orders up to a bound are tried, each once, and a bug is found at the bound that it needs.</summary>
public sealed class EveryTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public void TwoActors_HaveAsManyOrdersAsTheBinomialSays(int points)
    {
        InterleaveReport report = Interleave.Every(Scenarios.Idlers(2, points), new() { Preemptions = InterleaveOptions.Unbounded });
        Assert.Equal(Choose(2 * (points + 1), points + 1), report.Schedules);
        Assert.True(report is { IsExhausted: true, IsComplete: true });
        Assert.Equal(report.Schedules, report.Runs);
    }

    [Fact]
    public void ThreeActors_HaveAsManyOrdersAsTheMultinomialSays()
    {
        InterleaveReport report = Interleave.Every(Scenarios.Idlers(3, 2), new() { Preemptions = InterleaveOptions.Unbounded });
        Assert.Equal(Choose(9, 3) * Choose(6, 3), report.Schedules);
    }

    [Theory]
    [InlineData(2, 4)]
    [InlineData(3, 2)]
    public void ABound_TakesTheOrdersWithSoManyPreemptions_AndNoOther(int actors, int points)
    {
        int[] byPreemptions = new int[32];
        Enumerate([.. Enumerable.Repeat(points + 1, actors)], -1, 0, byPreemptions);
        for (int bound = 0; bound < 5; bound++)
        {
            InterleaveReport report = Interleave.Every(Scenarios.Idlers(actors, points), new() { Preemptions = bound });
            Assert.Equal(byPreemptions[..(bound + 1)].Sum(), report.Schedules);
            Assert.Equal(byPreemptions[(bound + 1)..].Sum() == 0, report.IsComplete);
        }
    }

    [Fact]
    public void ALostIncrement_TakesOnePreemption()
    {
        Assert.True(Interleave.Every(Scenarios.RacyIncrements, new() { Preemptions = 0 }).IsExhausted);
        InterleaveException found = Assert.Throws<InterleaveException>(static () => Interleave.Every(Scenarios.RacyIncrements, new() { Preemptions = 1 }));
        Assert.Equal((FailureKind.CheckFailed, 1), (found.Kind, found.Schedule.Preemptions));
        Assert.IsAssignableFrom<Xunit.Sdk.XunitException>(found.InnerException);
        Assert.Contains(found.Schedule.ToString(), found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFlagSeenClearThenSet_TakesTwoPreemptions()
    {
        Assert.True(Interleave.Every(Scenarios.FlagSeenClearThenSet, new() { Preemptions = 1 }).IsExhausted);
        InterleaveException found = Assert.Throws<InterleaveException>(static () => Interleave.Every(Scenarios.FlagSeenClearThenSet));
        Assert.Equal((FailureKind.ActorThrew, 2), (found.Kind, found.Schedule.Preemptions));
    }

    [Theory]
    [InlineData(2, 2, InterleaveOptions.Unbounded)]
    [InlineData(3, 1, InterleaveOptions.Unbounded)]
    [InlineData(3, 2, 2)]
    public void AWordLock_KeepsItsPromiseInEveryOrder(int actors, int times, int preemptions)
    {
        InterleaveReport report = Interleave.Every(Scenarios.LockedIncrements(actors, times), new() { Preemptions = preemptions });
        Assert.True(report.IsExhausted, report.ToString());
        Assert.Equal(preemptions == InterleaveOptions.Unbounded, report.IsComplete);
    }

    [Fact]
    public void ALockThatLooksBeforeItTakes_IsFoundOut()
    {
        InterleaveException found = Assert.Throws<InterleaveException>(static () => Interleave.Every(static scenario =>
        {
            bool isTaken = false;
            int inside = 0;
            scenario.Actor("A", Work);
            scenario.Actor("B", Work);
            scenario.Always(() => Assert.InRange(inside, 0, 1));

            void Work()
            {
                SchedulePoint.Reach("look");
                while (isTaken)
                {
                    SchedulePoint.Current!.Block("lock");
                }

                SchedulePoint.Reach("take");
                isTaken = true;
                inside++;
                SchedulePoint.Reach("release");
                inside--;
                isTaken = false;
            }
        }));
        Assert.Equal((FailureKind.InvariantBroken, 2), (found.Kind, found.Schedule.Preemptions));
    }

    [Fact]
    public void WithWaits_EachOrderIsTriedOnce_AndThoseThatAreDrawnAreAmongThem()
    {
        HashSet<string> tried = new(StringComparer.Ordinal), drawn = new(StringComparer.Ordinal);
        using Exploration exploration = new(Scenarios.TwoLocksGivenBackInTurn, new());
        DepthFirstChooser chooser = new(InterleaveOptions.Unbounded, areIndependent: null);
        do
        {
            string order = Order(exploration.Run(chooser, seed: 0));
            Assert.True(chooser.IsRepeating || tried.Add(order), order);
        }
        while (chooser.Advance());

        for (int seed = 0; seed < 5_000; seed++)
        {
            drawn.Add(Order(exploration.Run(new RandomChooser(new(seed), switchOneIn: 1), seed)));
        }

        Assert.True(drawn.Count > tried.Count / 2, $"{drawn.Count} of {tried.Count} orders were drawn");
        Assert.Empty(drawn.Except(tried, StringComparer.Ordinal));

        static string Order(RunResult run) => string.Concat(run.Schedule.Steps.Where(static step => !step.InVain).Select(static step => (char)('A' + step.Actor)));
    }

    [Fact]
    public void TheRunsAreLimited_AndTheReportSaysSo()
    {
        InterleaveReport report = Interleave.Every(Scenarios.Idlers(3, 6), new() { Preemptions = InterleaveOptions.Unbounded, MaxRuns = 100 });
        Assert.True(report is { Runs: 100, Schedules: 100, IsExhausted: false, IsComplete: false });
    }

    [Fact]
    public void AScenarioThatIsNotDeterministic_IsSaidToBe()
    {
        int run = 0;
        InterleaveException found = Assert.Throws<InterleaveException>(() => Interleave.Every(
            scenario =>
            {
                Scenarios.Idlers(2, 3)(scenario);
                if (run++ > 2)
                {
                    scenario.Actor("late", static () => { });
                }
            },
            new() { Preemptions = InterleaveOptions.Unbounded }));
        Assert.Equal(FailureKind.Diverged, found.Kind);
    }

    private static long Choose(int all, int some) => some == 0 ? 1 : Choose(all - 1, some - 1) * all / some;

    /// <summary>Counts the orders of so many steps of each actor, by preemptions, the plain way.</summary>
    private static void Enumerate(int[] left, int last, int preemptions, int[] count)
    {
        if (left.All(static steps => steps == 0))
        {
            count[preemptions]++;
        }

        for (int actor = 0; actor < left.Length; actor++)
        {
            if (left[actor] > 0)
            {
                left[actor]--;
                Enumerate(left, actor, preemptions + (last >= 0 && last != actor && left[last] > 0 ? 1 : 0), count);
                left[actor]++;
            }
        }
    }
}
