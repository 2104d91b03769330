// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;
using Physr.Testing.Interleaving;

namespace Physr.Interleaving.Tests;

/// <summary>A failure can be read, shortened and repeated, and leaves nothing behind.</summary>
public sealed class FailureTests
{
    [Fact]
    public void AFoundSchedule_ReadsFromFirstToLastStep()
    {
        InterleaveException found = Assert.Throws<InterleaveException>(static () => Interleave.Every(Scenarios.RacyIncrements));
        Assert.Equal("1 A@start -> 2 A@read -> 3 B@start -> 4 B@read -> 5 B@write -> 6 A@write", found.Schedule.ToString());
    }

    [Fact]
    public void AFoundSchedule_FailsAgainWhenReplayed()
    {
        foreach (Action<Scenario> stage in new[] { Scenarios.RacyIncrements, Scenarios.FlagSeenClearThenSet, Scenarios.LocksInOppositeOrders, Scenarios.LostWakeUp })
        {
            InterleaveException found = Assert.Throws<InterleaveException>(() => Interleave.Every(stage));
            RunResult again = Interleave.Replay(stage, found.Schedule.ToString());
            Assert.Equal((found.Kind, found.Schedule.ToString()), (again.Kind, again.Schedule.ToString()));
        }
    }

    [Fact]
    public void AScheduleThatDoesNotFit_IsRefused()
    {
        Assert.Equal(FailureKind.Diverged, Interleave.Replay(Scenarios.RacyIncrements, "1 A@start -> 2 A@write").Kind);
        Assert.Equal(FailureKind.Diverged, Interleave.Replay(Scenarios.RacyIncrements, "1 C@start").Kind);
        Assert.Throws<FormatException>(static () => Interleave.Replay(Scenarios.RacyIncrements, "A, then B"));
    }

    [Fact]
    public void ALongScheduleInManyLines_IsReadBack()
    {
        RunResult run = Interleave.Replay(Scenarios.Idlers(2, 50), "1 B@start");
        Assert.Equal(0, run.Schedule.Preemptions);
        Assert.Contains('\n', run.Schedule.ToString());
        Assert.Equal(run.Schedule.Steps.Select(static step => (step.Actor == 0 ? "A" : "B", step.Point)), Schedule.Parse(run.Schedule.ToString()));
    }

    [Fact]
    public void AScheduleWithLooksInVain_IsReplayedWithThem()
    {
        const string text = "1 A@start -> 2 A@lock -> 3 B@start -> 4 B@lock -> 5 A@read -> 6 B~lock -> 7 A@write";
        RunResult run = Interleave.Replay(Scenarios.LockedIncrements(2, 1), text);
        Assert.Null(run.Kind);
        Assert.StartsWith(text, run.Schedule.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, run.Schedule.Preemptions);
    }

    [Fact]
    public void AScheduleDrawnWithManyPreemptions_IsShortenedToTheOneThatMatters()
    {
        InterleaveException found = Assert.Throws<InterleaveException>(static () => Interleave.Randomly(
            static scenario =>
            {
                RacyCounter counter = new();
                scenario.Actor("A", () => Work(counter));
                scenario.Actor("B", () => Work(counter));
                scenario.Actor("C", () => Work(new()));
                scenario.AtEnd(() => Assert.Equal(8, counter.Value));
            },
            seed: 1,
            runs: 100,
            new() { Style = RandomStyle.Even }));
        Assert.Equal((FailureKind.CheckFailed, 1), (found.Kind, found.Schedule.Preemptions));

        static void Work(RacyCounter counter)
        {
            for (int time = 0; time < 4; time++)
            {
                counter.Increment();
            }
        }
    }

    [Fact]
    public void AfterAFailure_NoThreadIsLeft_EveryActorWasLeftThroughItsFinallyBlocks_AndAllIsGivenBack()
    {
        List<Thread> threads = [];
        int entered = 0, left = 0, released = 0;
        bool leftFirst = true;
        InterleaveException found = Assert.Throws<InterleaveException>(() => Interleave.Every(scenario =>
        {
            scenario.Release(new Disposal(() =>
            {
                released++;
                leftFirst &= entered == left;
            }));
            scenario.Release(new Disposal(static () => throw new InvalidOperationException("half done")));
            scenario.Actor("stubborn", () => Visit(static () =>
            {
                while (true)
                {
                    try
                    {
                        SchedulePoint.Current!.Block("nothing");
                    }
                    catch (InvalidOperationException)
                    {
                        return;
                    }
                }
            }));
            scenario.Actor("thrower", () => Visit(static () =>
            {
                SchedulePoint.Reach("throw");
                throw new InvalidOperationException("broken");
            }));
            scenario.Actor("idle", static () => SchedulePoint.Reach("idle"));
        }));
        Assert.Equal((FailureKind.ActorThrew, "broken"), (found.Kind, found.InnerException?.Message));
        Assert.True(entered > 0);
        Assert.Equal(entered, left);
        Assert.True(leftFirst);
        Assert.True(released > 0);
        Assert.All(threads, static thread => Assert.False(thread.IsAlive));

        void Visit(Action body)
        {
            threads.Add(Thread.CurrentThread);
            entered++;
            try
            {
                body();
            }
            finally
            {
                left++;
            }
        }
    }

    [Fact]
    public void WhatCannotBeGivenBack_FailsARunThatWentWell()
    {
        InterleaveException found = Assert.Throws<InterleaveException>(static () => Interleave.Every(
            static scenario => scenario.Release(new Disposal(static () => throw new InvalidOperationException("in use")))));
        Assert.Equal(FailureKind.ReleaseFailed, found.Kind);
    }

    private sealed class Disposal(Action action) : IDisposable
    {
        public void Dispose() => action();
    }
}
