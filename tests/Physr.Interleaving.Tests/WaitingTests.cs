// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;
using Physr.Testing.Interleaving;

namespace Physr.Interleaving.Tests;

/// <summary>Waits end where they can, and where they cannot the report says who waits for what.</summary>
public sealed class WaitingTests
{
    [Fact]
    public void LocksTakenInOppositeOrders_AreADeadlock_AndTheReportSaysWhoWaitsForWhat()
    {
        Assert.True(Interleave.Every(Scenarios.LocksInOppositeOrders, new() { Preemptions = 0 }).IsExhausted);
        InterleaveException found = Assert.Throws<InterleaveException>(static () => Interleave.Every(Scenarios.LocksInOppositeOrders));
        Assert.Equal((FailureKind.Deadlock, 1), (found.Kind, found.Schedule.Preemptions));
        Assert.Contains("A waits for 'lock 1', B waits for 'lock 0'", found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ALostWakeUp_IsADeadlock()
    {
        InterleaveException found = Assert.Throws<InterleaveException>(static () => Interleave.Every(Scenarios.LostWakeUp));
        Assert.Equal((FailureKind.Deadlock, 1), (found.Kind, found.Schedule.Preemptions));
        Assert.Contains("sleeper waits for 'wake-up', waker is done", found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ALoopWithoutEnd_IsALivelock()
    {
        InterleaveException found = Assert.Throws<InterleaveException>(static () => Interleave.Every(
            static scenario => scenario.Actor("A", static () =>
            {
                while (true)
                {
                    SchedulePoint.Reach("round");
                }
            }),
            new() { MaxSteps = 500 }));
        Assert.Equal(FailureKind.Livelock, found.Kind);
    }

    [Fact]
    public void TwoThatWaitInLoopsWithPoints_DoNotStarveTheOneTheyWaitFor()
    {
        InterleaveReport report = Interleave.Every(static scenario =>
        {
            bool isOpen = false;
            scenario.Actor("A", Wait);
            scenario.Actor("B", Wait);
            scenario.Actor("opener", () =>
            {
                SchedulePoint.Reach("prepare");
                SchedulePoint.Reach("open");
                isOpen = true;
            });

            void Wait()
            {
                while (true)
                {
                    SchedulePoint.Reach("look");
                    if (isOpen)
                    {
                        return;
                    }

                    SchedulePoint.Current!.Block("gate");
                }
            }
        });
        Assert.True(report.IsExhausted, report.ToString());
    }

    [Fact]
    public void AnActorThatNeverComesToAPoint_IsReported_AndTheOthersAreLeft()
    {
        using ManualResetEventSlim never = new();
        bool isLeft = false;
        InterleaveException found = Assert.Throws<InterleaveException>(() => Interleave.Every(
            scenario =>
            {
                scenario.Actor("A", () =>
                {
                    try
                    {
                        SchedulePoint.Current!.Block("anything");
                    }
                    finally
                    {
                        isLeft = true;
                    }
                });
                scenario.Actor("B", () =>
                {
                    SchedulePoint.Reach("system call");
                    never.Wait();
                });
            },
            new() { StallMilliseconds = 100 }));
        never.Set();
        Assert.Equal(FailureKind.Stalled, found.Kind);
        Assert.Contains("B has not come to a point", found.Message, StringComparison.Ordinal);
        Assert.True(isLeft);
    }

    [Fact]
    public void AnInvariantThatWaitsForAnActorsLock_IsReported()
    {
        InterleaveException found = Assert.Throws<InterleaveException>(static () => Interleave.Every(static scenario =>
        {
            int word = 0;
            scenario.Actor("A", () =>
            {
                WordLock.Enter(ref word, "lock");
                SchedulePoint.Reach("inside");
                WordLock.Exit(ref word);
            });
            scenario.Always(() =>
            {
                WordLock.Enter(ref word, "lock");
                WordLock.Exit(ref word);
            });
        }));
        Assert.Equal(FailureKind.InvariantBroken, found.Kind);
        Assert.Contains("A check waits for 'lock'", found.Message, StringComparison.Ordinal);
    }
}
