// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Memory;
using Physr.Paging.Control;
using Physr.Paging.Protocol;

namespace Physr.Paging;

/// <content>What a program may say of its pages.</content>
public sealed partial class DevicePrivateRegion
{
    /// <summary>Says that a range will be needed. It is brought in when there is time and room; nobody waits.</summary>
    /// <param name="offset">The first byte, from the region's start.</param>
    /// <param name="length">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the region.</exception>
    public void Prefetch(ulong offset, ulong length)
    {
        Check(offset, length);
        if (length == 0 || _whyAbandoned is not null)
        {
            return;
        }

        (ulong first, ulong count) = Pages(offset, length);
        if (_explicit is not null)
        {
            _explicit.BringAhead(first, count);
        }
        else
        {
            Ring(first, count, isAhead: true);
        }
    }

    /// <summary>Makes changed pages of a range durable in the store. Pages that are written to meanwhile may have either content there.</summary>
    /// <param name="offset">The first byte, from the region's start.</param>
    /// <param name="length">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the region.</exception>
    /// <exception cref="DevicePrivateFaultException">The store did not take all of them; those that it did not take are still changed, and resident.</exception>
    public void Persist(ulong offset, ulong length)
    {
        Check(offset, length);
        if (length == 0)
        {
            return;
        }

        (ulong first, ulong count) = Pages(offset, length);
        Errno errno = _store.TryCheckPath(out string reason);
        errno = errno != Errno.None ? errno
            : _explicit is not null ? _explicit.Persist(first, count, out reason)
            : _pager!.Ask(MessageKind.Persist, (ref MessageWriter writer) => Range(ref writer, first, count), [], out _, out reason);
        if (errno != Errno.None)
        {
            throw new DevicePrivateFaultException("persist", Name, first << ControlLayout.PageShift, errno, reason);
        }
    }

    /// <summary>Makes all changed pages durable in the store.</summary>
    /// <exception cref="DevicePrivateFaultException">The store did not take all of them.</exception>
    public void Persist() => Persist(0, Length);

    /// <summary>Takes pages of a range out of memory, into the store. Those that leases hold stay.</summary>
    /// <param name="offset">The first byte, from the region's start.</param>
    /// <param name="length">How many.</param>
    /// <returns>Bytes that left.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the region.</exception>
    /// <exception cref="DevicePrivateFaultException">Nobody serves the region.</exception>
    public ulong Evict(ulong offset, ulong length)
    {
        Check(offset, length);
        if (length == 0)
        {
            return 0;
        }

        (ulong first, ulong count) = Pages(offset, length);
        if (_explicit is not null)
        {
            return _explicit.Evict(first, count) * ControlLayout.PageBytes;
        }

        Errno errno = _pager!.Ask(MessageKind.Evict, (ref MessageWriter writer) => Range(ref writer, first, count), [], out ulong left, out string reason);
        return errno == Errno.None ? left * ControlLayout.PageBytes : throw new DevicePrivateFaultException("evict", Name, offset, errno, reason);
    }

    /// <summary>Sets how many bytes may be in memory.</summary>
    /// <param name="bytes">Whole pages, one at the least.</param>
    /// <exception cref="ArgumentException">It is not.</exception>
    /// <exception cref="DevicePrivateFaultException">Nobody serves the region.</exception>
    public void SetResidentBudget(ulong bytes)
    {
        Check(0, 0);
        const ulong page = ControlLayout.PageBytes;
        if (bytes < page || bytes % page != 0 || bytes / page > ControlLayout.MostPages)
        {
            throw new ArgumentException($"The resident budget is whole pages of 4096 bytes, one at the least; {bytes} was asked for.", nameof(bytes));
        }

        if (_explicit is not null)
        {
            _explicit.SetBudget((long)(bytes / page));
            return;
        }

        Errno errno = _pager!.Ask(MessageKind.SetBudget, (ref MessageWriter writer) => SetTo(ref writer, bytes / page), [], out _, out string reason);
        if (errno != Errno.None)
        {
            throw new DevicePrivateFaultException("set budget", Name, 0, errno, reason);
        }
    }

    /// <summary>Forgets that pages of a range could not be had: the next touch asks the store again.</summary>
    /// <param name="offset">The first byte, from the region's start.</param>
    /// <param name="length">How many.</param>
    /// <returns>Pages that were marked.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the region.</exception>
    public long ClearFailures(ulong offset, ulong length)
    {
        Check(offset, length);
        long cleared = 0;
        ulong end = length == 0 ? 0 : Pages(offset, length).First + Pages(offset, length).Count;
        for (ulong from = offset >> ControlLayout.PageShift; from < end && _control.TryNextTouched(from, out ulong start, out ulong stop); from = stop)
        {
            stop = Math.Min(stop, end);
            for (ulong page = _control.NextWith(start, stop, PageWord.Poisoned); page < stop; page = _control.NextWith(page + 1, stop, PageWord.Poisoned))
            {
                ClearFailure(page);
                cleared++;
            }
        }

        if (cleared != 0)
        {
            _control.Recovered();
        }

        return cleared;
    }

    /// <summary>Owns the page meanwhile: neither is the mark set again, nor the page brought in, before its word says that the store may be asked.</summary>
    private void ClearFailure(ulong page)
    {
        ref uint word = ref _control.Word(page);
        SpinWait wait = default;
        for (uint seen = Volatile.Read(ref word); (seen & PageWord.Busy) != 0 || Interlocked.CompareExchange(ref word, seen | PageWord.Busy, seen) != seen; seen = Volatile.Read(ref word))
        {
            wait.SpinOnce();
        }

        _ = _mapping.Advise(_mapping.Address + (nint)(page << ControlLayout.PageShift), ControlLayout.PageBytes, MemoryAdvice.DontNeed);
        uint old = Interlocked.And(ref word, ~(PageWord.Poisoned | PageWord.Busy | PageWord.Missed));
        if ((old & PageWord.Missed) != 0)
        {
            _ = _faults?.Wake(_mapping.Address + (nint)(page << ControlLayout.PageShift), ControlLayout.PageBytes);
        }

        if (_doorbell is not null && PageWord.IsPinned(old))
        {
            Ring(page, 1, isAhead: false);
        }
    }

    private static (ulong First, ulong Count) Pages(ulong offset, ulong length)
    {
        ulong first = offset >> ControlLayout.PageShift;
        return (first, ((offset + length - 1) >> ControlLayout.PageShift) - first + 1);
    }

    private void Range(ref MessageWriter writer, ulong first, ulong count)
    {
        writer.Write(Id);
        writer.Write(first);
        writer.Write(count);
    }

    private void SetTo(ref MessageWriter writer, ulong pages)
    {
        writer.Write(Id);
        writer.Write(pages);
    }
}
