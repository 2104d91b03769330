// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Collections.Concurrent;
using Physr.Dma.Iova;

namespace Physr.Dma.Tests.Iova;

/// <summary>Real threads. Each run taken is claimed granule by granule in a table that all threads share: two owners of a granule are seen by the second one.</summary>
public sealed class IovaConcurrencyTests
{
    private const ulong Page = PageSize.Size4K;
    private const ulong First = (1UL << 32) - (64 << 20);
    private const ulong Last = (1UL << 32) + (64 << 20) - 1;

    [Theory]
    [InlineData(64, false, 200)]
    [InlineData(0, false, 200)]
    [InlineData(2, true, 200)]
    [InlineData(64, true, 3000)]
    public void R67d_NoRunIsHandedOutTwice_UnderThreads_AlsoWhileMagazinesAreEmptied(int threadCaches, bool disturbs, int live)
    {
        using IovaAllocator space = new(Page, new(First), new(Last), new() { MaxThreadCaches = threadCaches == 64 ? 8192 : threadCaches });
        int[] owners = new int[(int)((Last + 1 - First) / Page)];
        int working = 1;
        RunTogether(5, thread =>
        {
            if (thread == 5)
            {
                while (disturbs && Volatile.Read(ref working) != 0)
                {
                    space.FlushCaches();
                    space.TrimDepot(0);
                    Thread.Yield();
                }

                return;
            }

            Random random = new(thread);
            List<(ulong Run, ulong Length)> mine = [];
            for (int step = 0; step < 60_000; step++)
            {
                if (mine.Count != 0 && random.Next(live) < mine.Count)
                {
                    int victim = random.Next(mine.Count);
                    Claim(owners, mine[victim].Run, mine[victim].Length, thread, 0);
                    space.Free(new(mine[victim].Run), mine[victim].Length);
                    mine[victim] = mine[^1];
                    mine.RemoveAt(mine.Count - 1);
                }
                else
                {
                    ulong length = Page << random.Next(random.Next(200) == 0 ? 11 : 5);
                    ulong mask = random.Next(4) == 0 ? uint.MaxValue : ulong.MaxValue;
                    if (space.TryAllocate(length, mask, out DmaAddress address) == Errno.None)
                    {
                        Claim(owners, address.Value, length, 0, thread);
                        Assert.True(address.Value + length - 1 <= mask);
                        mine.Add((address.Value, length));
                    }
                }
            }

            mine.ForEach(run => Claim(owners, run.Run, run.Length, thread, 0));
            mine.ForEach(run => space.Free(new(run.Run), run.Length));
        }, () => Volatile.Write(ref working, 0));
        Assert.Equal((0, 0UL), (space.LiveCount, space.LiveBytes));
        space.FlushCaches();
        IovaStatistics end = space.GetStatistics();
        Assert.Equal((0L, 0L), (end.CachedCount, end.DuplicateFrees));

        // All of it is whole again.
        Assert.Equal(Errno.None, space.TryAllocate(64 << 20, ulong.MaxValue, out _));
        Assert.Equal(Errno.None, space.TryAllocate(64 << 20, ulong.MaxValue, out _));
    }

    [Fact]
    public void R67d_MagazinesAreEmptiedByOthers_OnlyWhileTheirOwnerIsOutside()
    {
        using IovaAllocator space = new(Page, new(First), new(Last), new() { MaxThreadCaches = 8192 });
        int working = 1;
        RunTogether(2, thread =>
        {
            if (thread == 2)
            {
                // Where the lock goes to and fro, each step of the owner waits for a flush: as many as that are enough.
                for (int flush = 0; flush < 200_000 && Volatile.Read(ref working) != 0; flush++)
                {
                    space.FlushCaches();
                }

                return;
            }

            // Nothing but going in and out, so that it is inside as often as it can be.
            DmaAddress[] runs = new DmaAddress[8];
            for (int step = 0; step < 200_000; step++)
            {
                foreach (ref DmaAddress run in runs.AsSpan())
                {
                    space.TryAllocate(Page, ulong.MaxValue, out run);
                }

                if (runs[0] == runs[1] || runs[2] == runs[3] || runs[4] == runs[7])
                {
                    Assert.Fail("a run has two owners");
                }

                foreach (DmaAddress run in runs)
                {
                    space.Free(run, Page);
                }
            }

        }, () => Volatile.Write(ref working, 0));
        space.FlushCaches();
        IovaStatistics end = space.GetStatistics();
        Assert.True(end.Flushes > 10);
        Assert.Equal((0L, 0L, 0L), (end.LiveCount, end.CachedCount, end.DuplicateFrees));
        Assert.Equal(Errno.None, space.TryAllocate(64 << 20, uint.MaxValue, out _));
    }

    [Fact]
    public void R67d_WhatOneThreadTakesAnotherMayFree()
    {
        using IovaAllocator space = new(Page, new(First), new(Last));
        int[] owners = new int[(int)((Last + 1 - First) / Page)];
        ConcurrentQueue<(ulong Run, ulong Length)> passed = [];
        int ended = 0;
        RunTogether(4, thread =>
        {
            Random random = new(thread);
            if (thread <= 2)
            {
                for (int step = 0; step < 60_000; step++)
                {
                    ulong length = Page << random.Next(4);
                    if (passed.Count < 2000 && space.TryAllocate(length, ulong.MaxValue, out DmaAddress address) == Errno.None)
                    {
                        Claim(owners, address.Value, length, 0, 1);
                        passed.Enqueue((address.Value, length));
                    }
                }

                return;
            }

            while (Volatile.Read(ref ended) < 2 || !passed.IsEmpty)
            {
                if (passed.TryDequeue(out (ulong Run, ulong Length) run))
                {
                    Claim(owners, run.Run, run.Length, 1, 0);
                    space.Free(new(run.Run), run.Length);
                }
                else
                {
                    Thread.Yield();
                }
            }
        }, () => Interlocked.Increment(ref ended));
        Assert.Equal((0, 0UL), (space.LiveCount, space.LiveBytes));
        space.FlushCaches();
        Assert.Equal(0, space.GetStatistics().DuplicateFrees);
        Assert.Equal(Errno.None, space.TryAllocate(64 << 20, ulong.MaxValue, out _));
    }

    [Fact]
    public void R67d_AThreadThatHasEnded_LeavesItsPlaceAndItsRunsToTheNextOne()
    {
        using IovaAllocator space = new(Page, new(First), new(Last), new() { MaxThreadCaches = 8192 });
        for (int i = 0; i < 300; i++)
        {
            RunTogether(1, _ =>
            {
                Assert.Equal(Errno.None, space.TryAllocate(Page, ulong.MaxValue, out DmaAddress address));
                space.Free(address, Page);
            });
        }

        // Three hundred threads in a row need no three hundred places: as many as ever live at once, in this process.
        Assert.InRange(space.GetStatistics().TreeTakes, 1, 100);
        Assert.Equal(space.GetStatistics().TreeTakes, space.GetStatistics().CachedCount);
    }

    private static void Claim(int[] owners, ulong run, ulong length, int from, int to)
    {
        for (ulong at = run; at < run + length; at += Page)
        {
            int before = Interlocked.Exchange(ref owners[(at - First) / Page], to);
            Assert.True(before == from, $"0x{at:x} belonged to {before}, not to {from}");
        }
    }

    /// <summary>Runs the work on so many threads, numbered from 1.</summary>
    /// <param name="threads">How many.</param>
    /// <param name="work">What each does.</param>
    /// <param name="atEnd">What each does last, even when it failed: the others may be waiting for it.</param>
    private static void RunTogether(int threads, Action<int> work, Action? atEnd = null)
    {
        ConcurrentQueue<Exception> failures = [];
        Thread[] all = [.. Enumerable.Range(1, threads).Select(number => new Thread(() =>
        {
            try
            {
                work(number);
            }
            catch (Exception failure)
            {
                failures.Enqueue(failure);
            }

            atEnd?.Invoke();
        }))];
        Array.ForEach(all, static thread => thread.Start());
        Array.ForEach(all, static thread => thread.Join());
        Assert.Empty(failures);
    }
}
