// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Control;

namespace Physr.Paging.Engine;

/// <content>Taking over from a pager that died, at whatever step.</content>
internal sealed partial class RegionEngine
{
    /// <summary>Makes the words agree with the window, finds what is resident, and wakes everybody who waits, so that they ask again.</summary>
    /// <remarks>
    /// A page is in the window only whole (<see cref="IWindow.Publish"/> puts it there in one step), so the window says what is filled. A page that somebody owned is taken for dirty: its bytes are
    /// here in any case, and the store may have half of them. A page that is clean by its word and was not owned is write-protected: nobody lets it be written to without owning it and saying so first.
    /// </remarks>
    /// <param name="lane">This thread's.</param>
    public void Recover(FaultLane lane)
    {
        ulong next = 0;
        (ulong First, ulong End) touched = (0, 0);
        while (_window.TryNextResident(next << ControlLayout.PageShift, out ulong startByte, out ulong endByte) && startByte < At(Pages))
        {
            ulong start = startByte >> ControlLayout.PageShift;
            ulong end = Math.Min((endByte + PageBytes - 1) >> ControlLayout.PageShift, Pages);
            RecoverAbsent(next, start, ref touched);
            for (ulong page = start; page < end; page++)
            {
                RecoverPresent(page);
            }

            next = end;
        }

        RecoverAbsent(next, Pages, ref touched);
        LiftCeiling();
        ShowResident();
        _control.Repost();
        _window.Wake(0, (nuint)At(Pages));
        WakeWaiters();
        ServeAllWanted(lane);
    }

    /// <summary>Serves every page that a lease waits for.</summary>
    private void ServeAllWanted(FaultLane lane)
    {
        for (ulong from = 0; _control.TryNextTouched(from, out ulong start, out ulong end); from = end)
        {
            ServeWanted(start, end - start, lane);
        }

        ServePending(lane);
    }

    private void RecoverPresent(ulong page)
    {
        ref uint word = ref _control.Word(page);
        uint old, next;
        do
        {
            old = Volatile.Read(ref word);
            bool isSure = (old & (PageWord.Filled | PageWord.Busy)) == PageWord.Filled;
            next = isSure ? old & ~PageWord.Missed : (old & ~(PageWord.Residence | PageWord.Poisoned)) | PageWord.Filled | PageWord.Dirty;
        }
        while (Interlocked.CompareExchange(ref word, next, old) != old);

        _budget.Force(1);
        _clock.Push((uint)page);
    }

    /// <summary>Pages that the window does not have. Bytes of those that were filled and dirty were taken away by another: a page that a pager takes out is not dirty any more.</summary>
    /// <param name="first">The first.</param>
    /// <param name="end">One past the last.</param>
    /// <param name="touched">The words that were last found to be there. There are many runs of pages as a rule, and few of words; asking for each would take longer than all else.</param>
    private void RecoverAbsent(ulong first, ulong end, ref (ulong First, ulong End) touched)
    {
        for (ulong from = first; from < end && (from < touched.End || _control.TryNextTouched(from, out touched.First, out touched.End)); from = touched.End)
        {
            ulong start = Math.Max(from, touched.First), stop = Math.Min(touched.End, end);
            for (ulong page = _control.NextWith(start, stop, PageWord.Residence); page < stop; page = _control.NextWith(page + 1, stop, PageWord.Residence))
            {
                ref uint word = ref _control.Word(page);
                uint old = Volatile.Read(ref word);
                bool isLost = (old & (PageWord.Filled | PageWord.Dirty)) == (PageWord.Filled | PageWord.Dirty);
                if (isLost)
                {
                    // The word first, as ever, and before it forgets that the page was dirty: this pager may die here as well.
                    _control.Count(RegionCounter.Poisonings);
                    _control.NoteFailure(page, Errno.ENODATA, Discarded);
                    _control.Worsen(RegionHealth.Degraded);
                    Interlocked.Or(ref word, PageWord.Poisoned);
                    _ = _window.Poison(At(page), PageBytes);
                }

                Interlocked.And(ref word, ~PageWord.Residence);
            }
        }
    }

    private void WakeWaiters()
    {
        for (ulong from = 0; _control.TryNextTouched(from, out ulong start, out ulong end); from = end)
        {
            // Of all pages that leases hold or wait for: a pager may have died between saying so in the word and waking them.
            const uint held = PageWord.Pins | PageWord.Waiters;
            for (ulong page = _control.NextWith(start, end, held); page < end; page = _control.NextWith(page + 1, end, held))
            {
                // Who still waits sets the mark anew.
                Interlocked.And(ref _control.Word(page), ~PageWord.Waiters);
                WakeLeases(page);
            }
        }
    }
}
