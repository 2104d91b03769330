// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Waiting;
using Physr.Paging.Control;

namespace Physr.Paging.Engine;

/// <content>Owning a page and letting go of it.</content>
internal sealed partial class RegionEngine
{
    private const string Discarded = "bytes that were not yet in the store were discarded from the window by another";

    /// <summary>Serves pages that came to be wanted while this thread owned them.</summary>
    public void ServePending(FaultLane lane)
    {
        while (lane.TryTakePending(out ulong page))
        {
            ServeWanted(page, 1, lane);
        }
    }

    /// <summary>Notes that somebody waits for the page's owner.</summary>
    /// <returns>False: the word changed meanwhile; look again.</returns>
    private bool TryMiss(ulong page, uint word) =>
        (word & PageWord.Missed) != 0 || Interlocked.CompareExchange(ref _control.Word(page), word | PageWord.Missed, word) == word;

    /// <summary>Becomes the owner of a page.</summary>
    private bool TryOwn(ulong page, uint word, uint set, uint clear) =>
        Interlocked.CompareExchange(ref _control.Word(page), (word | set | PageWord.Busy) & ~clear, word) == word;

    /// <summary>Lets go of a page, and wakes those who waited for it: threads that faulted, and leases.</summary>
    private void End(ulong page, uint set, uint clear, FaultLane lane)
    {
        ref uint word = ref _control.Word(page);
        uint old, next;
        do
        {
            old = Volatile.Read(ref word);
            next = (old | set) & ~(clear | PageWord.Busy | PageWord.Missed);
            if ((next & PageWord.Writable) != 0)
            {
                next &= ~PageWord.WantWrite;
            }

            if (!PageWord.IsWanted(next))
            {
                next &= ~PageWord.Waiters;
            }
        }
        while (Interlocked.CompareExchange(ref word, next, old) != old);

        if ((old & PageWord.Missed) != 0)
        {
            _window.Wake(At(page), PageBytes);
        }

        if ((old & ~next & PageWord.Waiters) != 0)
        {
            WakeLeases(page);
        }

        if (PageWord.IsWanted(next) && (lane.IsWriter || lane.IsElsewhere || !lane.TryPend(page)))
        {
            _control.TryRing(page, 1, isAhead: false);
            _host.Ring(this);
        }
    }

    /// <summary>Wakes the leases that sleep on a page's word.</summary>
    private unsafe void WakeLeases(ulong page)
    {
        Step(PagerStep.LeaseWakes, page);

        // SAFETY: the word is in the control file's mapping, which lives as long as the region.
        _ = Futex.Wake(_control.WordAddress(page), int.MaxValue);
    }

    /// <summary>The store could not give a page: a touch is an error from here on, never old bytes or zeros.</summary>
    private void Fail(ulong page, Errno errno, string reason, FaultLane lane)
    {
        _control.Count(RegionCounter.Poisonings);
        _control.NoteFailure(page, errno, reason);
        _control.Worsen(RegionHealth.Degraded);

        // The word first: should the pager die now, the next one finds that the page is to be an error, and a mark without a word would be an error that nobody can clear.
        Interlocked.Or(ref _control.Word(page), PageWord.Poisoned);
        _ = _window.Poison(At(page), PageBytes);
        _window.Wake(At(page), PageBytes);
        End(page, PageWord.Poisoned, PageWord.Residence, lane);
    }

    /// <summary>The window's bytes of an owned page, which the store lacks, were taken out by another.</summary>
    private void Lose(ulong page, FaultLane lane)
    {
        _budget.Give(1);
        Fail(page, Errno.ENODATA, Discarded, lane);
    }
}
