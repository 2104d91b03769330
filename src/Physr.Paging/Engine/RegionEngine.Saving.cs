// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Paging.Control;

namespace Physr.Paging.Engine;

/// <content>Writing back what stays.</content>
internal sealed partial class RegionEngine
{
    private static readonly TimeSpan s_longestOwner = TimeSpan.FromSeconds(60);

    /// <summary>Writes the changed pages of a range to the store and makes them durable.</summary>
    /// <param name="request">The range, and how it ended. A page that another thread owns is not waited for: this thread may serve others, and the owner may need it.</param>
    /// <param name="lane">This thread's.</param>
    /// <returns>Whether it is done; if not, call again a little later.</returns>
    public bool Persist(PersistRequest request, FaultLane lane)
    {
        ulong end = Math.Min(request.First + request.Count, Pages);
        bool isBlocked = false;
        for (ulong from = request.Next; !isBlocked && from < end && _control.TryNextTouched(from, out ulong start, out ulong stop); from = stop)
        {
            stop = Math.Min(stop, end);
            ulong page = _control.NextWith(start, stop, PageWord.Dirty);
            while (page < stop && !isBlocked)
            {
                isBlocked = !PersistRun(request, ref page, stop, lane);
                page = isBlocked ? page : _control.NextWith(page, stop, PageWord.Dirty);
            }
        }

        ServePending(lane);
        if (isBlocked)
        {
            return false;
        }

        Errno flushed = _store.Flush();
        Step(PagerStep.PersistFlushed, request.First);
        if (flushed != Errno.None)
        {
            request.Note(flushed, _store.LastReason);
            NoteUnsaved(request.First, flushed);
        }

        return true;
    }

    /// <summary>Takes pages of a range out of the window that nobody holds, whatever the clock says of them.</summary>
    /// <returns>Pages that left.</returns>
    public long EvictRange(ulong first, ulong count, FaultLane lane)
    {
        // The clock's order is all that there is of an order, so the pages of the range are found by going once round.
        long total = 0;
        int owned = 0;
        for (int steps = _clock.Count; steps > 0 && _clock.TryPop(out uint page); steps--)
        {
            uint word = Volatile.Read(ref _control.Word(page));
            if (page - first < count && PageWord.IsEvictable(word) && TryOwn(page, word, 0, PageWord.Mapped | PageWord.Writable))
            {
                lane.Victims[owned++] = page;
            }
            else
            {
                _clock.Push(page);
            }

            if (owned == FaultLane.MostVictims)
            {
                total += EvictOwned(owned, lane);
                owned = 0;
            }
        }

        total += EvictOwned(owned, lane);
        ServePending(lane);
        return total;
    }

    /// <summary>Writes back the run of dirty pages that begins at a page.</summary>
    /// <param name="request">What it is for.</param>
    /// <param name="page">The first; then the one behind the run.</param>
    /// <param name="end">One past the last of interest.</param>
    /// <param name="lane">This thread's.</param>
    /// <returns>False: another owns the page; come back.</returns>
    private bool PersistRun(PersistRequest request, ref ulong page, ulong end, FaultLane lane)
    {
        if (!TryOwnDirty(page, out bool isPinned, out bool isOwned))
        {
            return !isOwned ? Pass(request, ref page) : GiveUp(request, ref page);
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
        Errno errno = Save(page, bytes, lane);
        Step(PagerStep.PersistSaved, page);
        for (int index = 0; index < count; index++)
        {
            bool isLost = false;
            Errno ended = errno == Errno.ENODATA ? SaveOrLose(page + (ulong)index, lane, out isLost) : errno;
            _control.Count(RegionCounter.Persisted, ended == Errno.None ? 1 : 0);
            if (ended != Errno.None)
            {
                request.Note(ended, isLost ? $"page {page + (ulong)index}: {Discarded}" : _store.LastReason);
            }

            if (!isLost)
            {
                End(page + (ulong)index, 0, ended == Errno.None && isClean ? PageWord.Dirty : 0, lane);
            }
        }

        page += (ulong)count - 1;
        return Pass(request, ref page);
    }

    /// <summary>Goes on behind a page.</summary>
    private static bool Pass(PersistRequest request, ref ulong page)
    {
        page++;
        request.Next = page;
        request.BlockedSince = 0;
        return true;
    }

    /// <summary>A page is owned: it is come back to, but not for ever.</summary>
    private static bool GiveUp(PersistRequest request, ref ulong page)
    {
        request.Next = page;
        request.BlockedSince = request.BlockedSince == 0 ? Stopwatch.GetTimestamp() : request.BlockedSince;
        if (Stopwatch.GetElapsedTime(request.BlockedSince) < s_longestOwner)
        {
            return false;
        }

        request.Note(Errno.ETIMEDOUT, $"page {page} was being moved for {s_longestOwner.TotalSeconds} s");
        return Pass(request, ref page);
    }

    /// <summary>Becomes the owner of a page, if it is dirty and has none.</summary>
    private bool TryOwnDirty(ulong page, out bool isPinned, out bool isOwned)
    {
        while (true)
        {
            uint word = Volatile.Read(ref _control.Word(page));
            isPinned = PageWord.IsPinned(word);
            isOwned = (word & (PageWord.Busy | PageWord.Dirty)) == (PageWord.Busy | PageWord.Dirty);
            if (isOwned || (word & PageWord.Dirty) == 0)
            {
                // An owned page that is not dirty is passed over as well: nobody could write to it before this began. It may be waiting for room, which this thread is to make.
                return false;
            }

            if (TryOwn(page, word, 0, isPinned ? 0 : PageWord.Writable))
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
