// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Paging.Control;

namespace Physr.Paging.Engine;

/// <content>What the kernel asks.</content>
internal sealed partial class RegionEngine
{
    /// <summary>Serves a fault of the application.</summary>
    /// <param name="offset">Which byte of the region.</param>
    /// <param name="kind">Why it faulted.</param>
    /// <param name="isWrite">Whether it wants to write.</param>
    /// <param name="lane">This thread's.</param>
    public void OnFault(ulong offset, FaultKind kind, bool isWrite, FaultLane lane)
    {
        ulong page = offset >> ControlLayout.PageShift;
        if (page >= Pages)
        {
            return;
        }

        long start = Stopwatch.GetTimestamp();
        Step(PagerStep.FaultRead, page);
        int pages = kind == FaultKind.Write ? AllowWrite(page, mayMap: false, lane) : Bring(page, isWrite, kind, lane);
        ServePending(lane);
        if (pages <= 0)
        {
            _control.Count(RegionCounter.Spurious, pages == 0 ? 1 : 0);
            return;
        }

        _control.Count(kind switch { FaultKind.Missing => RegionCounter.MissingFaults, FaultKind.Minor => RegionCounter.MinorFaults, _ => RegionCounter.WriteFaults });
        Served(kind, page, pages, start);
        if (IsShort)
        {
            MakeRoomAhead(lane);
        }
    }

    /// <summary>Counts and tells how long something took.</summary>
    private void Served(FaultKind kind, ulong page, int pages, long start)
    {
        long nanoseconds = (long)Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        _control.NoteFill(nanoseconds);
        if (_control.IsTelling)
        {
            _control.Tell(kind, page, pages, nanoseconds);
        }
    }

    /// <summary>Brings a page in, with neighbours where faults come in order.</summary>
    /// <returns>Pages that came or were given back to the page table; 0: another thread is at it; -1: the read goes on elsewhere.</returns>
    private int Bring(ulong page, bool isWrite, FaultKind kind, FaultLane lane)
    {
        while (true)
        {
            uint word = Volatile.Read(ref _control.Word(page));
            if ((word & PageWord.Busy) != 0)
            {
                if (TryMiss(page, word))
                {
                    return 0;
                }
            }
            else if ((word & PageWord.Poisoned) != 0)
            {
                if (TryOwn(page, word, 0, 0))
                {
                    return PoisonAgain(page, isWrite, kind, lane);
                }
            }
            else if ((word & PageWord.Filled) != 0)
            {
                uint dirty = isWrite ? PageWord.Dirty : 0;
                if (TryOwn(page, word, dirty, 0))
                {
                    return MapAgain(page, word, isWrite, lane);
                }
            }
            else if (TryOwn(page, word, 0, 0))
            {
                return Fill(page, isWrite, kind, lane);
            }
        }
    }

    /// <summary>The mark in the page table went, perhaps by the application's own madvise. As long as the failure was not cleared it stays an error.</summary>
    private int PoisonAgain(ulong page, bool isWrite, FaultKind kind, FaultLane lane)
    {
        _ = _window.Poison(At(page), PageBytes);
        if ((Volatile.Read(ref _control.Word(page)) & PageWord.Poisoned) == 0)
        {
            // It was cleared meanwhile, and the mark may have come too late to be taken away.
            return Fill(page, isWrite, kind, lane);
        }

        _window.Wake(At(page), PageBytes);
        End(page, 0, 0, lane);
        return 0;
    }

    /// <summary>Puts an owned page that the window has back into the page table.</summary>
    private int MapAgain(ulong page, uint word, bool isWrite, FaultLane lane)
    {
        bool isWritable = isWrite || (word & PageWord.Dirty) != 0;
        Errno errno = _window.Map(At(page), PageBytes, isWritable, out _);
        if (errno == Errno.EFAULT)
        {
            return Restore(page, word, isWrite, lane);
        }

        if (errno == Errno.EEXIST)
        {
            errno = isWritable ? _window.Unprotect(At(page), PageBytes) : Errno.None;
            _window.Wake(At(page), PageBytes);
        }
        else if (errno != Errno.None)
        {
            TryAgain(page);
        }

        Note(errno);
        End(page, (errno == Errno.None ? PageWord.Mapped : 0) | PageWord.Referenced | (isWritable && errno == Errno.None ? PageWord.Writable : 0), 0, lane);
        return 1;
    }

    /// <summary>Somebody took a page's bytes out of the window behind the pager's back. Those that the store has come again; those that only the window had are lost, and said to be.</summary>
    private int Restore(ulong page, uint word, bool isWrite, FaultLane lane)
    {
        if ((word & PageWord.Dirty) != 0)
        {
            Lose(page, lane);
            return 1;
        }

        _budget.Give(1);
        uint cleared = PageWord.Filled | PageWord.Mapped | PageWord.Writable | PageWord.Dirty;
        Interlocked.And(ref _control.Word(page), ~cleared);
        return Fill(page, isWrite, FaultKind.Missing, lane);
    }

    /// <summary>Lets a page be written to.</summary>
    /// <param name="page">Which.</param>
    /// <param name="mayMap">Whether the page may have to be put into the page table first.</param>
    /// <param name="lane">This thread's.</param>
    /// <returns>As <see cref="Bring"/>.</returns>
    private int AllowWrite(ulong page, bool mayMap, FaultLane lane)
    {
        while (true)
        {
            uint word = Volatile.Read(ref _control.Word(page));
            if ((word & PageWord.Busy) != 0)
            {
                if (TryMiss(page, word))
                {
                    return 0;
                }
            }
            else if ((word & (PageWord.Filled | PageWord.Poisoned)) != PageWord.Filled)
            {
                return Bring(page, isWrite: true, FaultKind.Missing, lane);
            }
            else if (TryOwn(page, word, PageWord.Dirty, 0))
            {
                Step(PagerStep.WriteClaimed, page);
                if (mayMap && (word & PageWord.Mapped) == 0)
                {
                    return MapAgain(page, word | PageWord.Dirty, isWrite: true, lane);
                }

                int run = mayMap ? 1 : OwnClean(page, _writes.Length(page, (int)Math.Clamp(_budget.Limit / 8, 1, MostRunPages)));
                Errno errno = _window.Unprotect(At(page), (nuint)run * PageBytes);
                Note(errno);
                Step(PagerStep.WriteAllowed, page);
                if (errno != Errno.None)
                {
                    TryAgain(page);
                }

                for (int index = 0; index < run; index++)
                {
                    End(page + (ulong)index, errno == Errno.None ? PageWord.Writable | PageWord.Referenced : 0, 0, lane);
                }

                return run;
            }
        }
    }

    /// <summary>Becomes the owner of the clean pages behind an owned one, which a writer that goes in order will come to.</summary>
    /// <returns>Pages in all.</returns>
    private int OwnClean(ulong page, int most)
    {
        const uint clean = PageWord.Filled | PageWord.Mapped;
        int count = 1;
        for (; count < most && page + (ulong)count < Pages; count++)
        {
            uint word = Volatile.Read(ref _control.Word(page + (ulong)count));
            if ((word & (clean | PageWord.Dirty | PageWord.Busy | PageWord.Poisoned)) != clean || !TryOwn(page + (ulong)count, word, PageWord.Dirty, 0))
            {
                break;
            }
        }

        return count;
    }

    /// <summary>The kernel refused a call for a page, for now: whoever waits for it faults again, and asks again.</summary>
    private void TryAgain(ulong page)
    {
        Thread.Yield();
        _window.Wake(At(page), PageBytes);
    }

    /// <summary>Learns from an error whether the application is still there.</summary>
    private void Note(Errno errno)
    {
        if (errno is Errno.ESRCH or Errno.ENOENT)
        {
            _isGone = true;
        }
    }
}
