// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;
using Physr.Paging.Control;

namespace Physr.Paging.Orders.Tests;

/// <content>Leases, step by step as <see cref="DevicePrivateRegion"/> takes them, but for ever patient: a wake-up that is lost is not made up for by a look at the clock.</content>
internal sealed partial class Client
{
    /// <summary>Takes a lease.</summary>
    /// <returns>False: a page could not be had.</returns>
    public bool TryHold(int first, int count, bool isWrite)
    {
        uint need = PageWord.Mapped | (isWrite ? PageWord.Writable : 0);
        if (count == 1)
        {
            ref uint word = ref world.Control.Word((ulong)first);
            SchedulePoint.Reach(Points.Pin[first]);
            uint now = Interlocked.Increment(ref word);
            if ((now & need) == need && (now & PageWord.Pins) is > 0 and < PageWord.Pins)
            {
                world.Held(this, first, count, isWrite);
                return true;
            }

            SchedulePoint.Reach(Points.Unpin[first]);
            Interlocked.Decrement(ref word);
        }

        int absent = Pin(first, count, need);
        if (absent != 0 && !TryBringIn(first, count, need))
        {
            Unpin(first, count);
            return false;
        }

        world.Held(this, first, count, isWrite);
        return true;
    }

    /// <summary>Ends a lease.</summary>
    public void Release(int first, int count)
    {
        world.LetGo(this, first, count);
        Unpin(first, count);
    }

    /// <summary>Takes a lease, stores to its pages or loads from them, and ends it.</summary>
    public void HoldAndTouch(int first, int count, bool isWrite)
    {
        if (!TryHold(first, count, isWrite))
        {
            Assert.True(world.MayPoison, $"pages {first} to {first + count - 1} could not be had, and nothing has failed");
            return;
        }

        for (int page = first; page < first + count; page++)
        {
            Touch(page, isWrite);
        }

        Release(first, count);
    }

    /// <summary>Forgets failures, as the application is told how to.</summary>
    public void ClearFailures()
    {
        for (int page = 0; page < world.Kernel.Pages; page++)
        {
            if ((Volatile.Read(ref world.Control.Word((ulong)page)) & PageWord.Poisoned) == 0)
            {
                continue;
            }

            SchedulePoint.Reach(Points.DontNeed[page]);
            world.Kernel.DontNeed(page);
            SchedulePoint.Reach(Points.Clear[page]);
            uint before = Interlocked.And(ref world.Control.Word((ulong)page), ~PageWord.Poisoned);
            SchedulePoint.Reach(Points.DontNeed[page]);
            world.Kernel.DontNeed(page);
            if (PageWord.IsPinned(before))
            {
                // A lease that was about to find the failure sleeps on, and asks again when it has slept for a second.
                Ring(page, 1);
            }
        }
    }

    private int Pin(int first, int count, uint need)
    {
        int absent = 0;
        uint want = (need & PageWord.Writable) != 0 ? PageWord.WantWrite : 0;
        for (int page = first; page < first + count; page++)
        {
            ref uint word = ref world.Control.Word((ulong)page);
            SchedulePoint.Reach(Points.Pin[page]);
            uint now = Interlocked.Increment(ref word);
            if ((now & need) != need)
            {
                absent++;
                if ((now & PageWord.Writable) == 0 && want != 0)
                {
                    SchedulePoint.Reach(Points.Want[page]);
                    Interlocked.Or(ref word, want);
                }
            }
        }

        return absent;
    }

    private bool TryBringIn(int first, int count, uint need)
    {
        Ring(first, count);
        for (int page = first + count; page-- > first;)
        {
            if (!TryAwait(page, need))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryAwait(int page, uint need)
    {
        ref uint word = ref world.Control.Word((ulong)page);
        while (true)
        {
            SchedulePoint.Reach(Points.Look[page]);
            uint seen = Volatile.Read(ref word);
            if ((seen & need) == need)
            {
                return true;
            }

            if ((seen & PageWord.Poisoned) != 0)
            {
                return false;
            }

            if ((need & PageWord.Writable) != 0 && (seen & (PageWord.WantWrite | PageWord.Writable)) == 0)
            {
                SchedulePoint.Reach(Points.Want[page]);
                Interlocked.Or(ref word, PageWord.WantWrite);
                Ring(page, 1);
                continue;
            }

            if ((seen & PageWord.Waiters) == 0)
            {
                SchedulePoint.Reach(Points.Want[page]);
                Interlocked.CompareExchange(ref word, seen | PageWord.Waiters, seen);
                continue;
            }

            SchedulePoint.Reach(Points.Futex[page]);
            if (Volatile.Read(ref word) == seen)
            {
                Sleeper sleeper = world.Sleep(page);
                Sleep(Points.Leased[page], () => sleeper.IsWoken);
            }
        }
    }

    private void Unpin(int first, int count)
    {
        for (int page = first; page < first + count; page++)
        {
            ref uint word = ref world.Control.Word((ulong)page);
            SchedulePoint.Reach(Points.Unpin[page]);
            uint old = Volatile.Read(ref word);
            uint next = old - 1;
            if ((next & PageWord.Pins) == 0)
            {
                next = (next | PageWord.Referenced) & ~PageWord.WantWrite;
            }

            Assert.Equal(old, Interlocked.CompareExchange(ref word, next, old));
        }
    }

    private void Ring(int first, int count)
    {
        SchedulePoint.Reach("post");
        Assert.True(world.Control.TryRing((ulong)first, (uint)count, isAhead: false), "all doorbells are taken");
        SchedulePoint.Reach("ring");
        world.Doorbell = true;
    }
}
