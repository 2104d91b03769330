// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Testing.Interleaving;

namespace Physr.Interleaving.Tests;

/// <summary>The seed says everything about a run.</summary>
public sealed class RandomlyTests
{
    [Theory]
    [InlineData(RandomStyle.Mixed)]
    [InlineData(RandomStyle.Even)]
    [InlineData(RandomStyle.Sticky)]
    [InlineData(RandomStyle.Priorities)]
    public void TheSameSeedGivesTheSameSchedules_AndAnotherOneOthers(object style)
    {
        RandomStyle chosen = (RandomStyle)style;
        Assert.Equal(Orders(7, chosen), Orders(7, chosen));
        Assert.NotEqual(Orders(7, chosen), Orders(1_000, chosen));
    }

    [Theory]
    [InlineData(RandomStyle.Even)]
    [InlineData(RandomStyle.Sticky)]
    [InlineData(RandomStyle.Priorities)]
    public void EachStyle_FindsTheBugs_AndTheReportedSeedFindsThemAgain(object style)
    {
        InterleaveOptions options = new() { Style = (RandomStyle)style };
        foreach (Action<Scenario> stage in new[] { Scenarios.RacyIncrements, Scenarios.FlagSeenClearThenSet, Scenarios.LocksInOppositeOrders, Scenarios.LostWakeUp })
        {
            InterleaveException found = Assert.Throws<InterleaveException>(() => Interleave.Randomly(stage, seed: 1, runs: 2_000, options));
            int seed = int.Parse(System.Text.RegularExpressions.Regex.Match(found.Message, "seed: ([0-9]+), runs: 1").Groups[1].Value);
            InterleaveException again = Assert.Throws<InterleaveException>(() => Interleave.Randomly(stage, seed, runs: 1, options));
            Assert.Equal((found.Kind, found.Schedule.ToString()), (again.Kind, again.Schedule.ToString()));
        }
    }

    [Fact]
    public void AStageThatDraws_HasTheSeedOfItsRun()
    {
        List<int> seeds = [];
        Interleave.Randomly(scenario => seeds.Add(scenario.Seed), seed: 5, runs: 3);
        Assert.Equal([5, 6, 7], seeds);
    }

    [Fact]
    public void ManyActorsUnderOneLock_GoThrough()
    {
        InterleaveReport report = Interleave.Randomly(Scenarios.LockedIncrements(6, 5), seed: 1, runs: 300);
        Assert.Equal(300, report.Schedules);
    }

    private static List<string> Orders(int seed, RandomStyle style)
    {
        List<string> orders = [];
        Interleave.Randomly(
            scenario =>
            {
                List<char> order = [];
                for (char name = 'A'; name < 'D'; name++)
                {
                    char mine = name;
                    scenario.Actor($"{name}", () =>
                    {
                        for (int time = 0; time < 10; time++)
                        {
                            Mm.Interleaving.SchedulePoint.Reach("step");
                            order.Add(mine);
                        }
                    });
                }

                scenario.AtEnd(() => orders.Add(string.Concat(order)));
            },
            seed,
            runs: 20,
            new() { Style = style });
        return orders;
    }
}
