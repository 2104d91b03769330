// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;
using Physr.Testing.Interleaving;

namespace Physr.Interleaving.Tests;

/// <summary>Small scenarios with known bugs, and without.</summary>
internal static class Scenarios
{
    /// <summary>Two increments of which one may be lost: takes one preemption.</summary>
    public static void RacyIncrements(Scenario scenario)
    {
        RacyCounter counter = new();
        scenario.Actor("A", counter.Increment);
        scenario.Actor("B", counter.Increment);
        scenario.AtEnd(() => Assert.Equal(2, counter.Value));
    }

    /// <summary>A sees a flag clear, then set: takes two preemptions, since B clears it again.</summary>
    public static void FlagSeenClearThenSet(Scenario scenario)
    {
        bool flag = false;
        scenario.Actor("A", () =>
        {
            SchedulePoint.Reach("first look");
            bool first = flag;
            SchedulePoint.Reach("second look");
            Assert.False(!first && flag);
        });
        scenario.Actor("B", () =>
        {
            SchedulePoint.Reach("set");
            flag = true;
            SchedulePoint.Reach("clear");
            flag = false;
        });
    }

    /// <summary>Two locks taken in opposite orders: a deadlock after one preemption.</summary>
    public static void LocksInOppositeOrders(Scenario scenario)
    {
        int[] locks = new int[2];
        scenario.Actor("A", () => TakeBoth(0, 1));
        scenario.Actor("B", () => TakeBoth(1, 0));

        void TakeBoth(int first, int second)
        {
            WordLock.Enter(ref locks[first], $"lock {first}");
            WordLock.Enter(ref locks[second], $"lock {second}");
            WordLock.Exit(ref locks[second]);
            WordLock.Exit(ref locks[first]);
        }
    }

    /// <summary>A wake-up that comes between the look and the sleep is lost.</summary>
    public static void LostWakeUp(Scenario scenario)
    {
        bool isReady = false, isAsleep = false;
        scenario.Actor("sleeper", () =>
        {
            SchedulePoint.Reach("look");
            if (isReady)
            {
                return;
            }

            SchedulePoint.Reach("sleep");
            isAsleep = true;
            while (isAsleep)
            {
                SchedulePoint.Current!.Block("wake-up");
            }
        });
        scenario.Actor("waker", () =>
        {
            SchedulePoint.Reach("make ready");
            isReady = true;
            SchedulePoint.Reach("wake");
            isAsleep = false;
        });
    }

    /// <summary>Increments under a lock, with the lock's promise as the invariant.</summary>
    public static Action<Scenario> LockedIncrements(int actors, int times) => scenario =>
    {
        RacyCounter counter = new();
        int word = 0, inside = 0;
        for (int actor = 0; actor < actors; actor++)
        {
            scenario.Actor($"{(char)('A' + actor)}", () =>
            {
                for (int time = 0; time < times; time++)
                {
                    WordLock.Enter(ref word, "lock");
                    inside++;
                    counter.Increment();
                    inside--;
                    WordLock.Exit(ref word);
                }
            });
        }

        scenario.Always(() => Assert.InRange(inside, 0, 1));
        scenario.AtEnd(() => Assert.Equal((actors * times, 0, 0), (counter.Value, word, inside)));
    };

    /// <summary>Two locks, which one actor takes and gives back one after the other, and for each an actor that wants it.</summary>
    public static void TwoLocksGivenBackInTurn(Scenario scenario)
    {
        int[] locks = new int[2];
        scenario.Actor("A", () =>
        {
            WordLock.Enter(ref locks[0], "lock 0");
            WordLock.Enter(ref locks[1], "lock 1");
            SchedulePoint.Reach("release 0");
            WordLock.Exit(ref locks[0]);
            SchedulePoint.Reach("release 1");
            WordLock.Exit(ref locks[1]);
        });
        scenario.Actor("B", () => Take(0));
        scenario.Actor("C", () => Take(1));

        void Take(int which)
        {
            WordLock.Enter(ref locks[which], $"lock {which}");
            WordLock.Exit(ref locks[which]);
        }
    }

    /// <summary>Actors that come to so many points and do nothing.</summary>
    public static Action<Scenario> Idlers(int actors, int points) => scenario =>
    {
        for (int actor = 0; actor < actors; actor++)
        {
            scenario.Actor($"{(char)('A' + actor)}", () =>
            {
                for (int point = 0; point < points; point++)
                {
                    SchedulePoint.Reach("point");
                }
            });
        }
    };
}
