// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Paging.Control;

namespace Physr.Paging.Engine;

/// <content>Writing back what stays.</content>
internal sealed partial class RegionEngine
{
    private static readonly TimeSpan s_longestSlowOwner = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_longestOwner = TimeSpan.FromSeconds(1);

    /// <summary>Writes the changed pages of a range to the store and makes them durable.</summary>
    /// <param name="first">The first page.</param>
    /// <param name="count">How many.</param>
    /// <param name="lane">This thread's.</param>
    /// <param name="reason">What failed; empty on success.</param>
    /// <returns>The first error. The other pages were written all the same.</returns>
    public Errno Persist(ulong first, ulong count, FaultLane lane, out string reason)
    {
        // In all, not for each page: a client that marks its own pages as owned keeps a thread that also serves others no longer than this.
        TimeSpan patience = _store.IsBlocking ? s_longestSlowOwner : s_longestOwner;
        Errno result = Errno.None;
        reason = "";
        ulong end = Math.Min(first + count, Pages);
        for (ulong from = first; from < end && _control.TryNextTouched(from, out ulong start, out ulong stop); from = stop)
        {
            stop = Math.Min(stop, end);
            for (ulong page = _control.NextWith(start, stop, PageWord.Dirty); page < stop; page = _control.NextWith(page, stop, PageWord.Dirty))
            {
                Errno errno = PersistRun(ref page, stop, ref patience, lane);
                if (errno != Errno.None && result == Errno.None)
                {
                    (result, reason) = (errno, _store.LastReason);
                }
            }
        }

        ServePending(lane);
        Errno flushed = _store.Flush();
        Step(PagerStep.PersistFlushed, first);
        if (flushed != Errno.None && result == Errno.None)
        {
            (result, reason) = (flushed, _store.LastReason);
            NoteUnsaved(first, flushed);
        }

        return result;
    }

    /// <summary>Takes pages of a range out of the window that nobody holds, whatever the clock says of them.</summary>
    /// <returns>Pages that left.</returns>
    public long EvictRange(ulong first, ulong count, FaultLane lane)
    {
        // The clock's order is all that there is of an order, so the pages of the range are found by going once round.
        long total = 0;
        ulong end = Math.Min(first + count, Pages);
        for (int steps = _clock.Count; steps > 0 && _clock.TryPop(out uint page); steps--)
        {
            uint word = Volatile.Read(ref _control.Word(page));
            if (page < first || page >= end || !PageWord.IsEvictable(word) || !TryOwn(page, word, 0, PageWord.Mapped | PageWord.Writable))
            {
                _clock.Push(page);
                continue;
            }

            lane.Victims[0] = page;
            lane.Flags[0] = (word & PageWord.Dirty) != 0;
            SaveVictims(lane.Victims.AsSpan(0, 1), lane.Flags.AsSpan(0, 1), lane);
            total += RemoveVictims(lane.Victims.AsSpan(0, 1), lane.Flags.AsSpan(0, 1), lane);
        }

        ServePending(lane);
        return total;
    }

    /// <summary>Writes back the run of dirty pages that begins at a page.</summary>
    /// <param name="page">The first; then the one behind the run.</param>
    /// <param name="end">One past the last of interest.</param>
    /// <param name="patience">How long it may still wait for owners of pages.</param>
    /// <param name="lane">This thread's.</param>
    private Errno PersistRun(ref ulong page, ulong end, ref TimeSpan patience, FaultLane lane)
    {
        if (!TryOwnDirty(page, ref patience, out bool isPinned, out Errno errno))
        {
            page++;
            return errno;
        }

        int count = 1;
        while (count < FaultLane.MostVictims && page + (ulong)count < end && TryOwnAlike(page + (ulong)count, isPinned))
        {
            count++;
        }

        // A leased page is copied as it stands and stays dirty: its holder was promised not to fault, and does not write while it asks for this (or takes what comes, as with msync).
        nuint bytes = (nuint)count * PageBytes;
        bool isClean = !isPinned && TryProtect(page, bytes);
        Step(PagerStep.PersistProtected, page);
        errno = Save(page, bytes, lane);
        Step(PagerStep.PersistSaved, page);
        if (errno == Errno.None)
        {
            _control.Count(RegionCounter.BytesOut, (long)bytes);
            _control.Count(RegionCounter.Persisted, count);
        }
        else
        {
            NoteUnsaved(page, errno);
        }

        for (int index = 0; index < count; index++)
        {
            End(page, 0, errno == Errno.None && isClean ? PageWord.Dirty : 0, lane);
            page++;
        }

        return errno;
    }

    /// <summary>Becomes the owner of a page, if it is dirty; waits for who owns it now. No owner of a dirty page waits for another thread.</summary>
    private bool TryOwnDirty(ulong page, ref TimeSpan patience, out bool isPinned, out Errno errno)
    {
        SpinWait wait = default;
        long last = Stopwatch.GetTimestamp();
        while (true)
        {
            uint word = Volatile.Read(ref _control.Word(page));
            isPinned = PageWord.IsPinned(word);
            errno = Errno.None;
            if ((word & PageWord.Dirty) == 0)
            {
                // Also where it is owned: nobody could write to it before this began. It may be waiting for room, which this thread is to make.
                return false;
            }

            if ((word & PageWord.Busy) != 0)
            {
                long now = Stopwatch.GetTimestamp();
                patience -= Stopwatch.GetElapsedTime(last, now);
                last = now;
                if (patience < TimeSpan.Zero)
                {
                    errno = Errno.ETIMEDOUT;
                    return false;
                }

                Step(PagerStep.PersistWaits, page);
                wait.SpinOnce();
            }
            else if (TryOwn(page, word, 0, isPinned ? 0 : PageWord.Writable))
            {
                return true;
            }
        }
    }

    private bool TryOwnAlike(ulong page, bool isPinned)
    {
        uint word = Volatile.Read(ref _control.Word(page));
        return (word & (PageWord.Busy | PageWord.Dirty)) == PageWord.Dirty && PageWord.IsPinned(word) == isPinned && TryOwn(page, word, 0, isPinned ? 0 : PageWord.Writable);
    }
}
