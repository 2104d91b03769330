// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Reflection;
using Physr.Paging.Engine;

namespace Physr.Paging.Tests;

/// <summary>The order in which pages are looked at for eviction.</summary>
public sealed class ResidentClockTests
{
    [Fact]
    public void PagesComeInTheOrderInWhichTheyWerePut_HoweverManyThereAre()
    {
        ResidentClock clock = new(16);
        Queue<uint> expected = [];
        Random random = new(1);
        for (uint page = 0; page < 5000;)
        {
            if (random.Next(3) == 0 && expected.Count != 0)
            {
                Assert.True(clock.TryPop(out uint popped));
                Assert.Equal(expected.Dequeue(), popped);
                continue;
            }

            uint count = (uint)random.Next(1, 40);
            if (count == 1)
            {
                clock.Push(page);
            }
            else
            {
                clock.Push(page, count);
            }

            for (uint at = 0; at < count; at++)
            {
                expected.Enqueue(page++);
            }
        }

        Assert.Equal(expected.Count, clock.Count);
        while (expected.TryDequeue(out uint next))
        {
            Assert.True(clock.TryPop(out uint popped));
            Assert.Equal(next, popped);
        }

        Assert.False(clock.TryPop(out _));
    }

    [Fact]
    public void APageThatIsDiscardedAndComesAgainOverAndOver_DoesNotMakeItGrow()
    {
        ResidentClock clock = new(64);
        for (uint page = 0; page < 32; page++)
        {
            clock.Push(page);
        }

        for (int time = 0; time < 100_000; time++)
        {
            clock.Push((uint)(time % 32));
        }

        FieldInfo places = typeof(ResidentClock).GetField("_pages", BindingFlags.Instance | BindingFlags.NonPublic)!;
        Assert.InRange(((uint[])places.GetValue(clock)!).Length, 64, 128);
        HashSet<uint> seen = [];
        while (clock.TryPop(out uint page))
        {
            seen.Add(page);
        }

        Assert.Equal(32, seen.Count);
    }
}
