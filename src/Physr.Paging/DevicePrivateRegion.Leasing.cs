// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Linux.Waiting;
using Physr.Paging.Control;

namespace Physr.Paging;

/// <content>Leases.</content>
public sealed partial class DevicePrivateRegion
{
    private const int WaitMilliseconds = 1000;

    /// <summary>Brings a range in and holds it there.</summary>
    /// <param name="offset">The first byte, from the region's start.</param>
    /// <param name="length">How many; 0 holds nothing.</param>
    /// <param name="access">What it is for.</param>
    /// <returns>The lease, to be disposed of.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the region.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed of.</exception>
    /// <exception cref="DevicePrivateFaultException">A page cannot be had: the store failed (its error), leases hold as many pages as may be resident already (ENOMEM), or nobody serves the region any more (ENXIO).</exception>
    public ResidencyLease Acquire(ulong offset, ulong length, LeaseAccess access)
    {
        Check(offset, length);
        Hold(offset, length, access);
        return new(this, offset, length);
    }

    /// <summary>Brings a range in and holds it there, for those who keep the lease in a field or across an <c>await</c>.</summary>
    /// <param name="offset">The first byte, from the region's start.</param>
    /// <param name="length">How many.</param>
    /// <param name="access">What it is for.</param>
    /// <returns>The bytes, and the lease's end when it is disposed of.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the region.</exception>
    /// <exception cref="DevicePrivateFaultException">As <see cref="Acquire"/>.</exception>
    public System.Buffers.IMemoryOwner<byte> AcquireMemory(ulong offset, int length, LeaseAccess access)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Check(offset, (ulong)length);
        Hold(offset, (ulong)length, access);
        return new Client.LeasedMemory(this, offset, length);
    }

    internal void Release(ulong offset, ulong length)
    {
        if (length != 0)
        {
            ulong first = offset >> ControlLayout.PageShift;
            ulong last = (offset + length - 1) >> ControlLayout.PageShift;
            Unpin(first, last - first + 1);
            Interlocked.Add(ref _held, -(long)(last - first + 1));
        }
    }

    private void Hold(ulong offset, ulong length, LeaseAccess access)
    {
        if (length == 0)
        {
            return;
        }

        ulong first = offset >> ControlLayout.PageShift;
        ulong last = (offset + length - 1) >> ControlLayout.PageShift;
        ulong count = last - first + 1;

        // Counted first: from here on the region cannot be disposed of.
        long held = Interlocked.Add(ref _held, (long)count);
        try
        {
            ObjectDisposedException.ThrowIf(held < 0, this);
            uint need = PageWord.Mapped | (access == LeaseAccess.Write ? PageWord.Writable : 0);
            if (held > Volatile.Read(ref _control.Budget))
            {
                CheckBudget(first, count);
            }

            if (count == 1)
            {
                // One page that is there: no loop, no system call.
                ref uint word = ref _control.Word(first);
                uint now = Interlocked.Increment(ref word);
                if ((now & need) == need && (now & PageWord.Pins) is > 0 and < PageWord.Pins)
                {
                    return;
                }

                Interlocked.Decrement(ref word);
            }

            HoldPages(first, count, need);
        }
        catch
        {
            Interlocked.Add(ref _held, -(long)count);
            throw;
        }
    }

    /// <summary>Leases count pages that several of them hold as often; whether they hold too many different ones is seen by counting those.</summary>
    private void CheckBudget(ulong first, ulong count)
    {
        ulong different = count;
        for (ulong from = 0; _control.TryNextTouched(from, out ulong start, out ulong end); from = end)
        {
            for (ulong page = _control.NextWith(start, end, PageWord.Pins); page < end; page = _control.NextWith(page + 1, end, PageWord.Pins))
            {
                different += page - first < count ? 0u : 1u;
            }
        }

        long budget = Volatile.Read(ref _control.Budget);
        if (different > (ulong)budget)
        {
            throw new DevicePrivateFaultException(
                "acquire lease", Name, first << ControlLayout.PageShift, Errno.ENOMEM, $"with these {count} pages leases would hold {different}, more than the {budget} that may be resident: end some, ask for less, or raise the budget");
        }
    }

    private void HoldPages(ulong first, ulong count, uint need)
    {
        ulong absent = Pin(first, count, need);
        if (absent == 0)
        {
            return;
        }

        try
        {
            BringIn(first, count, need);
        }
        catch
        {
            Unpin(first, count);
            throw;
        }
    }

    /// <summary>Counts a lease on every page.</summary>
    /// <returns>How many pages are not as the lease needs them.</returns>
    private ulong Pin(ulong first, ulong count, uint need)
    {
        ulong absent = 0;
        uint want = (need & PageWord.Writable) != 0 ? PageWord.WantWrite : 0;
        for (ulong page = first; page < first + count; page++)
        {
            ref uint word = ref _control.Word(page);
            uint now = Interlocked.Increment(ref word);
            if ((now & PageWord.Pins) is 0 or PageWord.Pins)
            {
                // One more would run into the bits above.
                Interlocked.Decrement(ref word);
                Unpin(first, page - first);
                throw new DevicePrivateFaultException("acquire lease", Name, page << ControlLayout.PageShift, Errno.EOVERFLOW, $"{PageWord.Pins - 1} leases hold this page already");
            }

            if ((now & need) != need)
            {
                absent++;
                if ((now & PageWord.Writable) == 0 && want != 0)
                {
                    Interlocked.Or(ref word, want);
                }
            }
        }

        return absent;
    }

    /// <summary>Waits until every page is as the lease needs it.</summary>
    private void BringIn(ulong first, ulong count, uint need)
    {
        if (_explicit is not null)
        {
            _explicit.Serve(first, count);
        }
        else
        {
            Ring(first, count, isAhead: false);
        }

        // From the end: the pager goes from the start, so that one sleep is mostly enough.
        for (ulong page = first + count; page-- > first;)
        {
            Await(page, need, first, count);
        }
    }

    private unsafe void Await(ulong page, uint need, ulong first, ulong count)
    {
        ref uint word = ref _control.Word(page);
        while (true)
        {
            uint seen = Volatile.Read(ref word);
            if ((seen & need) == need)
            {
                return;
            }

            if ((seen & PageWord.Poisoned) != 0)
            {
                ThrowFor(page);
            }

            string? abandoned = _whyAbandoned;
            if (abandoned is not null || _explicit is not null)
            {
                throw new DevicePrivateFaultException("acquire lease", Name, page << ControlLayout.PageShift, Errno.ENXIO, abandoned ?? PageWord.Describe(seen));
            }

            if ((need & PageWord.Writable) != 0 && (seen & (PageWord.WantWrite | PageWord.Writable)) == 0)
            {
                // It was writable, and was written back meanwhile.
                Interlocked.Or(ref word, PageWord.WantWrite);
                Ring(page, 1, isAhead: false);
                continue;
            }

            if ((seen & PageWord.Waiters) == 0)
            {
                Interlocked.CompareExchange(ref word, seen | PageWord.Waiters, seen);
                continue;
            }

            // SAFETY: the word is in the control file's mapping, which lives as long as leases do.
            if (Futex.Wait(_control.WordAddress(page), seen, WaitMilliseconds) == Errno.ETIMEDOUT)
            {
                Ring(first, count, isAhead: false);
            }
        }
    }

    private void ThrowFor(ulong page)
    {
        ulong offset = page << ControlLayout.PageShift;
        throw _control.TryFindFailure(page, 1, out _, out Errno errno, out string reason)
            ? new DevicePrivateFaultException("acquire lease", Name, offset, errno, reason)
            : new DevicePrivateFaultException("acquire lease", Name, offset, Errno.EHWPOISON, "its bytes could not be had; what the store said was pushed out by later failures");
    }

    private void Unpin(ulong first, ulong count)
    {
        for (ulong page = first; page < first + count; page++)
        {
            ref uint word = ref _control.Word(page);
            uint old, next;
            do
            {
                old = Volatile.Read(ref word);
                next = old - 1;
                if ((next & PageWord.Pins) == 0)
                {
                    next = (next | PageWord.Referenced) & ~PageWord.WantWrite;
                }
            }
            while (Interlocked.CompareExchange(ref word, next, old) != old);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Ring(ulong first, ulong count, bool isAhead)
    {
        SpinWait wait = default;
        while (!_control.TryRing(first, (uint)count, isAhead) && !isAhead)
        {
            _doorbell!.Signal();
            wait.SpinOnce();
        }

        _doorbell!.Signal();
    }
}
