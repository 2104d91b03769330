// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Paging.Control;

namespace Physr.Paging.Engine;

/// <content>From the window to the store: write-protect, save, remove. A page that is written to meanwhile waits at its write-protection, and comes again afterwards.</content>
internal sealed partial class RegionEngine
{
    /// <summary>In the place of a victim that turned out to be lost.</summary>
    private const uint Lost = uint.MaxValue;

    /// <summary>Evicts pages until there is as much room as there should be, in batches.</summary>
    /// <param name="lane">This thread's.</param>
    /// <returns>Pages that left.</returns>
    public long EvictAhead(FaultLane lane)
    {
        long total = 0;
        long goal = Math.Max(LowWater * 2, _isAwaited ? 1 : 0);
        while (_budget.Free < goal && !_isGone)
        {
            int left = Evict((int)Math.Clamp(goal - _budget.Free, 1, FaultLane.MostVictims), lane);
            total += left;
            ServePending(lane);
            _isStuck = left == 0;
            if (_isStuck)
            {
                break;
            }
        }

        _isAwaited = false;
        LowerCeiling();
        return total;
    }

    /// <summary>Evicts some pages: those under the clock's hand that nobody holds and nobody asked for again.</summary>
    /// <param name="most">The most, up to <see cref="FaultLane.MostVictims"/>.</param>
    /// <param name="lane">This thread's.</param>
    /// <returns>Pages that left.</returns>
    public int Evict(int most, FaultLane lane)
    {
        int count = OwnVictims(Math.Min(most, FaultLane.MostVictims), lane.Victims);
        return EvictOwned(count, lane);
    }

    /// <summary>Evicts owned pages, the lane's first victims.</summary>
    /// <returns>Pages that left, or were found to have left already.</returns>
    private int EvictOwned(int count, FaultLane lane)
    {
        if (count == 0)
        {
            return 0;
        }

        long start = Stopwatch.GetTimestamp();
        Span<uint> victims = lane.Victims.AsSpan(0, count);
        Span<bool> isDirty = lane.Flags.AsSpan(0, count);
        victims.Sort();
        for (int index = 0; index < count; index++)
        {
            isDirty[index] = (Volatile.Read(ref _control.Word(victims[index])) & PageWord.Dirty) != 0;
        }

        uint first = victims[0];
        Step(PagerStep.EvictClaimed, first);
        int staying = SaveVictims(victims, isDirty, lane);
        Step(PagerStep.EvictSaved, first);
        int left = RemoveVictims(victims, isDirty, lane);
        if (left > 0)
        {
            _control.NoteEvict((long)Stopwatch.GetElapsedTime(start).TotalNanoseconds / left, left);
        }

        Debug.Assert(left + staying <= count, "A page left twice.");
        return left + victims.Count(Lost);
    }

    /// <summary>Walks the clock's hand until enough pages are owned, at most twice round.</summary>
    private int OwnVictims(int most, uint[] victims)
    {
        int count = 0;
        for (long steps = 2L * _clock.Count; count < most && steps > 0 && _clock.TryPop(out uint page); steps--)
        {
            uint word = Volatile.Read(ref _control.Word(page));
            if ((word & (PageWord.Filled | PageWord.Busy)) == 0)
            {
                continue; // it was lost, and is counted out already
            }

            if ((word & PageWord.Referenced) != 0)
            {
                Interlocked.And(ref _control.Word(page), ~PageWord.Referenced);
                _clock.Push(page);
            }
            else if (PageWord.IsEvictable(word) && TryOwn(page, word, 0, PageWord.Mapped | PageWord.Writable))
            {
                victims[count++] = page;
            }
            else
            {
                _clock.Push(page);
            }
        }

        return count;
    }

    /// <summary>Takes the right to write from owned pages.</summary>
    /// <returns>Whether nobody writes to them any more.</returns>
    private bool TryProtect(ulong page, nuint bytes)
    {
        Errno errno = _window.Protect(At(page), bytes);
        Note(errno);
        return errno == Errno.None || _isGone;
    }

    /// <summary>Write-protects the dirty ones and writes them to the store. Those with which that fails stay, dirty as they are; afterwards the flags say who stays. Those that are lost are <see cref="Lost"/>.</summary>
    private int SaveVictims(Span<uint> pages, Span<bool> flags, FaultLane lane)
    {
        int staying = 0;
        for (int from = 0; from < pages.Length;)
        {
            int to = RunEnd(pages, flags, from);
            if (flags[from])
            {
                staying += SaveRun(pages[from..to], flags[from..to], lane);
            }
            else
            {
                _control.Count(RegionCounter.CleanEvictions, to - from);
            }

            from = to;
        }

        return staying;
    }

    /// <summary>The same for a run of dirty ones.</summary>
    private int SaveRun(Span<uint> pages, Span<bool> stays, FaultLane lane)
    {
        ulong first = pages[0];
        bool isProtected = TryProtect(first, (nuint)pages.Length * PageBytes);
        Step(PagerStep.EvictProtected, first);
        Errno errno = isProtected ? Save(first, (nuint)pages.Length * PageBytes, lane) : Errno.EBUSY;
        for (int index = 0; index < pages.Length; index++)
        {
            ulong page = pages[index];
            bool isLost = false;
            Errno end = errno == Errno.ENODATA ? SaveOrLose(page, lane, out isLost) : errno;
            stays[index] = end != Errno.None;
            pages[index] = isLost ? Lost : pages[index];
            if (end == Errno.None)
            {
                // Before it goes: a page that is dirty by its word and not in the window was taken away by another, and is lost.
                Interlocked.And(ref _control.Word(page), ~PageWord.Dirty);
            }
        }

        return stays.Count(true);
    }

    private int RemoveVictims(ReadOnlySpan<uint> pages, ReadOnlySpan<bool> stays, FaultLane lane)
    {
        int left = 0;
        for (int from = 0; from < pages.Length;)
        {
            if (pages[from] == Lost)
            {
                from++;
                continue;
            }

            int to = RunEnd(pages, stays, from);
            Errno errno = stays[from] ? Errno.EBUSY : _window.Remove(At(pages[from]), (nuint)(to - from) * PageBytes);
            Step(PagerStep.EvictRemoved, pages[from]);
            if (errno == Errno.None)
            {
                // Counted out before their words say so: who finds them gone finds the room as well.
                _budget.Give(to - from);
                left += to - from;
            }

            for (int index = from; index < to; index++)
            {
                uint page = pages[index];
                if (errno == Errno.None)
                {
                    NoteLeft(page);
                    End(page, 0, PageWord.Residence, lane);
                }
                else
                {
                    // It is as before, but write-protected, and nobody knows whether the page table has it: who needs to know it asks again.
                    End(page, PageWord.Referenced, 0, lane);
                    _clock.Push(page);
                }
            }

            from = to;
        }

        _control.Count(RegionCounter.Evictions, left);
        ShowResident();
        return left;
    }

    /// <summary>Copies owned pages from the window to the store, counts them, and notes where that fails.</summary>
    /// <returns><see cref="Errno.ENODATA"/>: some page is not in the window any more, or the store says so; nothing was noted, see <see cref="SaveOrLose"/>.</returns>
    private Errno Save(ulong page, nuint bytes, FaultLane lane)
    {
        Errno errno = _window.Save(_store, At(page), bytes, lane.SaveScratch);
        if (errno == Errno.None)
        {
            _control.Count(RegionCounter.BytesOut, (long)bytes);
        }
        else if (errno != Errno.ENODATA)
        {
            NoteUnsaved(page, errno);
        }

        return errno;
    }

    /// <summary>Saves a single page, of a run of which not all could be. If somebody took its bytes out of the window behind the pager's back it is an error from here on, and no zeros: it is not owned any more.</summary>
    private Errno SaveOrLose(ulong page, FaultLane lane, out bool isLost)
    {
        Errno errno = Save(page, PageBytes, lane);
        isLost = errno == Errno.ENODATA && !IsInWindow(page);
        if (isLost)
        {
            Lose(page, lane);
        }
        else if (errno == Errno.ENODATA)
        {
            NoteUnsaved(page, errno);
        }

        return errno;
    }

    private bool IsInWindow(ulong page) => _window.TryNextResident(At(page), out ulong start, out _) && start == At(page);

    private void NoteUnsaved(ulong page, Errno errno)
    {
        _control.Count(RegionCounter.WriteFailures);
        _control.NoteFailure(page, errno, "write back: " + _store.LastReason);
        _control.Worsen(RegionHealth.Degraded);
    }

    /// <summary>The end of a run of neighbours that are alike.</summary>
    private static int RunEnd(ReadOnlySpan<uint> pages, ReadOnlySpan<bool> flags, int from)
    {
        int to = from + 1;
        while (to < pages.Length && pages[to] == pages[to - 1] + 1 && flags[to] == flags[from])
        {
            to++;
        }

        return to;
    }
}
