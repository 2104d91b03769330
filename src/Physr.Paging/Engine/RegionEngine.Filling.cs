// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Control;

namespace Physr.Paging.Engine;

/// <content>From the store into the window.</content>
internal sealed partial class RegionEngine
{
    private const int MostTries = 1000;

    /// <summary>Brings pages in before somebody touches them; those that are there or owned are passed over. No more than may be resident: the first of them would have to leave again.</summary>
    public void BringAhead(ulong first, uint count, FaultLane lane)
    {
        ulong end = Math.Min(first + Math.Min(count, (ulong)_budget.Limit), Pages);
        for (ulong page = Math.Min(first, end); page < end && !_isGone;)
        {
            uint word = Volatile.Read(ref _control.Word(page));
            if ((word & (PageWord.Filled | PageWord.Busy | PageWord.Poisoned)) != 0 || !TryOwn(page, word, 0, 0))
            {
                page++;
                continue;
            }

            int run = OwnFollowing(page, (int)Math.Min((ulong)_store.RunPages, end - page), 0, 0);
            int filled = FillOwned(page, run, isWritable: false, FaultKind.Ahead, lane);
            page += (ulong)Math.Max(filled, 1);
            if (IsShort)
            {
                _host.RunShort(this);
            }
        }

        ServePending(lane);
    }

    /// <summary>Fills an owned page, and its neighbours where that pays.</summary>
    private int Fill(ulong page, bool isWrite, FaultKind kind, FaultLane lane)
    {
        Step(PagerStep.FillClaimed, page);
        if (kind == FaultKind.Lease)
        {
            uint want = Volatile.Read(ref _control.Word(page)) & PageWord.WantWrite;
            return FillOwned(page, OwnFollowing(page, _store.RunPages, PageWord.WantWrite, want, isPinned: true), want != 0, kind, lane);
        }

        int most = (int)Math.Clamp(_budget.Limit / 8, 1, Math.Min(_store.RunPages, MostRunPages));
        int length = _streams.Length(page, most);
        if (length == 1)
        {
            return FillOwned(page, 1, isWrite, kind, lane);
        }

        int run = OwnFollowing(page, length, 0, 0);
        int filled = FillOwned(page, run, isWrite, kind, lane);
        GoOn(page, length, most, lane);
        return filled;
    }

    /// <summary>A stream was met: what follows is brought in by another thread, less one page, whose fault tells that the reader has come there.</summary>
    private void GoOn(ulong page, int length, int most, FaultLane lane)
    {
        if (length < most || most < 16)
        {
            return;
        }

        ulong next = page + 1;
        ulong limit = Math.Min(page + (2 * (ulong)most), Pages);
        while (next < limit && (Volatile.Read(ref _control.Word(next)) & (PageWord.Filled | PageWord.Busy)) != 0)
        {
            next++;
        }

        _streams.Move(page + (ulong)length, next);
        if (next + 1 < Pages)
        {
            Ahead(next + 1, (uint)most, lane);
        }
    }

    /// <summary>Has pages brought in that nobody waits for: by another thread, or at once where reading them keeps nobody.</summary>
    private void Ahead(ulong first, uint count, FaultLane lane)
    {
        if (lane is { IsWriter: false, Deferred: not null })
        {
            BringAhead(first, count, lane);
        }
        else
        {
            _host.BringAhead(this, first, count);
        }
    }

    /// <summary>Becomes the owner of the pages behind an owned one, as long as they are not there.</summary>
    /// <param name="page">The owned one.</param>
    /// <param name="most">The most pages in all.</param>
    /// <param name="mask">Bits that must be</param>
    /// <param name="value">as these.</param>
    /// <param name="isPinned">Whether a lease must wait for them.</param>
    /// <returns>Pages in all.</returns>
    private int OwnFollowing(ulong page, int most, uint mask, uint value, bool isPinned = false)
    {
        const uint absent = PageWord.Filled | PageWord.Busy | PageWord.Poisoned;
        int count = 1;
        for (; count < most && page + (ulong)count < Pages; count++)
        {
            ulong next = page + (ulong)count;
            uint word = Volatile.Read(ref _control.Word(next));
            if ((word & absent) != 0 || (word & mask) != value || (isPinned && !PageWord.IsPinned(word)) || !TryOwn(next, word, 0, 0))
            {
                break;
            }
        }

        return count;
    }

    /// <summary>Fills owned pages, as many as there is room for; the others are let go of.</summary>
    /// <returns>Pages that came; -1: the read goes on elsewhere.</returns>
    private int FillOwned(ulong page, int count, bool isWritable, FaultKind kind, FaultLane lane)
    {
        if (lane is { IsWriter: false, Deferred: { } deferred })
        {
            return deferred.Begin(this, page, count, isWritable, kind, lane);
        }

        int granted = MakeRoom(page, count, kind, lane);
        LetGo(page + (ulong)granted, count - granted, lane, granted == 0 ? page : ulong.MaxValue);
        if (granted == 0)
        {
            return RefuseRoom(page, kind, lane);
        }

        if (_store.TryGetAddress(At(page), out nint source))
        {
            return Finish(page, granted, isWritable, kind, source, Errno.None, lane);
        }

        Errno errno = _store.Read(At(page), lane.Scratch, (nuint)granted * PageBytes);
        return Finish(page, granted, isWritable, kind, lane.Scratch, errno, lane);
    }

    /// <summary>There is no room and nothing can leave.</summary>
    private int RefuseRoom(ulong page, FaultKind kind, FaultLane lane)
    {
        if (kind == FaultKind.Ahead)
        {
            End(page, 0, 0, lane);
            return 0;
        }

        string why = _store.LastReason.Length == 0 ? "everything in the window is leased" : "pages cannot be written back: " + _store.LastReason;
        Fail(page, Errno.ENOMEM, $"the budget of {_budget.Limit} pages is used up and nothing can leave: {why}", lane);
        return 1;
    }

    /// <summary>Publishes bytes that were read into owned pages that there is room for.</summary>
    /// <param name="page">The first page.</param>
    /// <param name="count">How many.</param>
    /// <param name="isWritable">Whether they may be written to at once, and count as changed.</param>
    /// <param name="kind">Why they come.</param>
    /// <param name="source">Their bytes.</param>
    /// <param name="errno">How the read ended.</param>
    /// <param name="lane">This thread's.</param>
    /// <returns>Pages that came, or were found to be lost.</returns>
    private int Finish(ulong page, int count, bool isWritable, FaultKind kind, nint source, Errno errno, FaultLane lane)
    {
        if (errno != Errno.None)
        {
            return FailedRead(page, count, isWritable, kind, errno, lane);
        }

        Step(PagerStep.FillRead, page);
        SetDirty(page, isWritable ? count : 0);
        int done = 0;
        for (int tries = 0; done < count; tries++)
        {
            ulong at = page + (ulong)done;
            errno = _window.Publish(At(at), source + (done * PageBytes), (nuint)(count - done) * PageBytes, isWritable, out nuint bytes);
            int published = (int)(bytes / PageBytes);
            Step(PagerStep.FillPublished, at);
            Arrived(at, published, isWritable, lane);
            done += published;
            if (done == count)
            {
                break;
            }

            if (errno == Errno.EEXIST)
            {
                Adopt(page + (ulong)done, lane);
                done++;
            }
            else if (errno == Errno.EAGAIN && tries < MostTries)
            {
                Thread.Yield();
            }
            else if (errno != Errno.ENOMEM || tries >= 3 || Evict(FaultLane.MostVictims, lane) == 0)
            {
                Note(errno);
                _budget.Give(count - done);
                LetGo(page + (ulong)done + 1, count - done - 1, lane);
                if (_isGone || done > 0)
                {
                    End(page + (ulong)done, 0, PageWord.Dirty, lane);
                }
                else
                {
                    Fail(page, errno, "the page could not be put into the window", lane);
                }

                break;
            }
        }

        Step(PagerStep.FillEnded, page);
        _control.Count(RegionCounter.BytesIn, (long)done * PageBytes);
        int asked = kind switch { FaultKind.Lease => done, FaultKind.Ahead => 0, _ => Math.Min(done, 1) };
        _control.Count(RegionCounter.LeaseFills, kind == FaultKind.Lease ? done : 0);
        _control.Count(RegionCounter.Prefetched, done - asked);
        return Math.Max(done, 1);
    }

    /// <summary>A run could not be read: the page that is needed is tried alone, the others are let go of.</summary>
    private int FailedRead(ulong page, int count, bool isWritable, FaultKind kind, Errno errno, FaultLane lane)
    {
        _budget.Give(count);
        string reason = _store.LastReason;
        LetGo(page + 1, count - 1, lane);
        if (kind == FaultKind.Ahead)
        {
            End(page, 0, 0, lane);
            return 0;
        }

        if (count > 1)
        {
            return FillOwned(page, 1, isWritable, kind, lane);
        }

        Fail(page, errno, reason, lane);
        return 1;
    }

    /// <summary>Says of owned pages that the store may be older, before a store instruction can reach them: who writes back need not wait for a page that is owned and not dirty.</summary>
    private void SetDirty(ulong page, int count)
    {
        for (int index = 0; index < count; index++)
        {
            Interlocked.Or(ref _control.Word(page + (ulong)index), PageWord.Dirty);
        }
    }

    /// <summary>Pages are in the window and the page table.</summary>
    private void Arrived(ulong page, int count, bool isWritable, FaultLane lane)
    {
        if (count == 0)
        {
            return;
        }

        _clock.Push((uint)page, (uint)count);
        ShowResident();
        uint set = PageWord.Filled | PageWord.Mapped | (isWritable ? PageWord.Writable : 0);
        for (int index = 0; index < count; index++)
        {
            End(page + (ulong)index, set, 0, lane);
        }
    }

    /// <summary>The page table or the window has a page that its word does not know. Bytes that are there stay, as the store may lack them; a mark of poison is one still.</summary>
    private void Adopt(ulong page, FaultLane lane)
    {
        if (!IsInWindow(page))
        {
            _budget.Give(1);
            Fail(page, Errno.EHWPOISON, "the page is marked as poisoned", lane);
            return;
        }

        SetDirty(page, 1);
        _clock.Push((uint)page);
        Errno errno = _window.Map(At(page), PageBytes, isWritable: true, out _);
        _window.Wake(At(page), PageBytes);
        End(page, PageWord.Filled | (errno is Errno.None ? PageWord.Mapped | PageWord.Writable : 0), 0, lane);
    }

    /// <summary>Lets go of pages that did not come.</summary>
    private void LetGo(ulong page, int count, FaultLane lane, ulong except = ulong.MaxValue)
    {
        for (int index = 0; index < count; index++)
        {
            if (page + (ulong)index != except)
            {
                End(page + (ulong)index, 0, PageWord.Dirty, lane);
            }
        }
    }
}
