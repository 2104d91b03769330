// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iova;

/// <content>What needs the runs that threads keep: flushing, reserving, the end; and trimming the depots.</content>
public sealed partial class IovaAllocator
{
    private readonly IovaReservedRanges _reserved = new();
    private long _flushes;
    private long _duplicates;

    /// <summary>Takes a range out of the space for good: MSI windows, a host bridge's windows. It may overlap what was reserved before, and lie outside the space,
    /// where nothing is handed out anyway.</summary>
    /// <param name="range">The range; its granules are taken whole.</param>
    /// <returns><see cref="Errno.EBUSY"/> where a part of it is handed out, <see cref="Errno.EINVAL"/> for an empty range, <see cref="Errno.ENODEV"/> after disposal,
    /// <see cref="Errno.ENOMEM"/> where the allocation gate refuses. In all these cases nothing is reserved.</returns>
    public Errno Reserve(DmaRange range)
    {
        if (range.IsEmpty)
        {
            return Errno.EINVAL;
        }

        ulong start = range.Start.Value >> _shift;
        ulong end = (range.Last.Value >> _shift) + 1;
        lock (_lock)
        {
            if (_disposed)
            {
                return Errno.ENODEV;
            }

            // What threads keep is not handed out, but it is in no gap either.
            if (!IsFreeOrReserved(start, end))
            {
                FlushLocked();
                Publish();
            }

            if (!IsFreeOrReserved(start, end))
            {
                return Errno.EBUSY;
            }

            if (!MayGrow("iova reserved ranges") || !HasRoom(_regions[0].Gaps) || !HasRoom(_regions[1].Gaps))
            {
                return Errno.ENOMEM;
            }

            foreach (IovaRegion region in _regions)
            {
                (ulong from, ulong to) = (Math.Max(start, region.First), Math.Min(end, region.End));
                if (from < to)
                {
                    region.Gaps.Carve(from, to);
                }
            }

            _reserved.Add(start, end);
            Publish();
            return Errno.None;
        }
    }

    /// <summary>Puts every run that waits in a magazine back into the gaps, of all threads (row R67e). Threads that allocate or free meanwhile wait for it.</summary>
    public void FlushCaches()
    {
        lock (_lock)
        {
            if (!_disposed)
            {
                FlushLocked();
                Publish();
            }
        }
    }

    /// <summary>Puts the runs of the depots' surplus magazines back into the gaps, and drops surplus empty magazines. The kernel does it every 100 ms and keeps one magazine per CPU;
    /// here the caller says when.</summary>
    /// <param name="keep">Magazines that may stay in the depot of each size.</param>
    /// <returns>Runs put back.</returns>
    public long TrimDepot(int keep)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(keep);
        long runs = 0;
        lock (_lock)
        {
            for (int region = 0; region < _regions.Length && !_disposed; region++)
            {
                for (int order = 0; order < _orders; order++)
                {
                    while (_regions[region].Depots[order] is { } depot && depot.Count > keep && depot.Pop() is { } magazine)
                    {
                        runs += magazine.Count;
                        GiveBack(magazine, magazine.Count, order, region);
                    }
                }
            }

            while (_spares.Count > keep)
            {
                _spares.Pop();
            }

            Publish();
        }

        return runs;
    }

    /// <summary>Ends the space: nothing is handed out any more, and what is given back is forgotten. May be repeated.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (!_disposed)
            {
                FlushLocked();
                IovaStripe.RevokeAll(_stripes);
                _disposed = true;
            }
        }
    }

    private bool IsFreeOrReserved(ulong start, ulong end)
    {
        foreach (IovaRegion region in _regions)
        {
            ulong to = Math.Min(end, region.End);
            for (ulong at = Math.Max(start, region.First); at < to;)
            {
                ulong next = Math.Max(_reserved.EndAt(at), region.Gaps.EndOfGapAt(at));
                if (next == 0)
                {
                    return false;
                }

                at = next;
            }
        }

        return true;
    }

    /// <summary>Empties every magazine into the gaps. Threads are kept out of their stripes meanwhile.</summary>
    /// <returns>Whether any run can have come back; false at no cost where nothing was kept.</returns>
    private bool FlushLocked()
    {
        if (!HasCached())
        {
            return false;
        }

        _flushes++;
        IovaStripe.RevokeAll(_stripes);
        foreach (IovaStripe? stripe in _stripes)
        {
            if (stripe is not null)
            {
                stripe.WaitUntilIdle();
                Drain(stripe);
                stripe.Restore();
            }
        }

        Drain(_shared);
        for (int region = 0; region < _regions.Length; region++)
        {
            for (int order = 0; order < _orders; order++)
            {
                while (_regions[region].Depots[order].Pop() is { } magazine)
                {
                    GiveBack(magazine, magazine.Count, order, region);
                    Spare(magazine);
                }
            }
        }

        return true;
    }

    private void Drain(IovaStripe stripe)
    {
        Span<IovaRack> racks = stripe.Racks;
        for (int i = 0; i < racks.Length; i++)
        {
            ref IovaRack rack = ref racks[i];
            for (int magazine = 0; magazine < 2; magazine++)
            {
                GiveBack(rack.Loaded, rack.Count, i / 2, i % 2);
                rack.Count = 0;
                rack.Swap();
            }
        }
    }

    private void GiveBack(IovaMagazine? magazine, int count, int order, int region)
    {
        for (int i = 0; i < count; i++)
        {
            GiveBackRun(magazine![i], order, region);
        }
    }

    private void GiveBackRun(ulong run, int order, int region)
    {
        ulong start = run >> _shift;
        if (!_regions[region].Gaps.TryGiveBack(start, start + (1UL << order)))
        {
            _duplicates++;
        }
    }
}
