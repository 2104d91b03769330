// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iova;

/// <content>What it holds and did.</content>
public sealed partial class IovaAllocator
{
    /// <summary>Runs handed out and not given back. Exact while nobody allocates or frees.</summary>
    public long LiveCount => GetStatistics().LiveCount;

    /// <summary>Bytes in them, as rounded.</summary>
    public ulong LiveBytes => GetStatistics().LiveBytes;

    /// <summary>Adds up what all threads hold and did.</summary>
    public IovaStatistics GetStatistics()
    {
        lock (_lock)
        {
            // As many as there are powers of two at most: a few words.
            Span<long> live = stackalloc long[_orders];
            Span<long> cached = stackalloc long[_orders];
            foreach (IovaStripe? stripe in _stripes)
            {
                Add(stripe, live, cached);
            }

            Add(_shared, live, cached);
            int magazines = 0;
            (long liveCount, long liveGranules, long cachedCount, long cachedGranules) = (_wholeLive, 0, 0, 0);
            for (int order = 0; order < _orders; order++)
            {
                int depots = _regions[0].Depots[order].Count + _regions[1].Depots[order].Count;
                magazines += depots;
                long kept = cached[order] + ((long)depots * IovaMagazine.Capacity);
                liveCount += live[order];
                liveGranules += live[order] << order;
                cachedCount += kept;
                cachedGranules += kept << order;
            }

            ulong liveBytes = _wholeLiveBytes + ((ulong)liveGranules << _shift);
            return new(liveCount, liveBytes, cachedCount, (ulong)cachedGranules << _shift, magazines, _treeTakes, _flushes, _duplicates);
        }
    }

    private static void Add(IovaStripe? stripe, Span<long> live, Span<long> cached)
    {
        if (stripe is null)
        {
            return;
        }

        Span<IovaRack> racks = stripe.Racks;
        for (int i = 0; i < racks.Length; i++)
        {
            live[i / 2] += Volatile.Read(ref racks[i].Live);
            cached[i / 2] += racks[i].Cached;
        }
    }

    /// <summary>Whether any run waits in a magazine or depot. Of threads that work meanwhile, it is a guess.</summary>
    private bool HasCached()
    {
        foreach (IovaRegion region in _regions)
        {
            foreach (IovaMagazineStack depot in region.Depots)
            {
                if (depot.Count != 0)
                {
                    return true;
                }
            }
        }

        return !_shared.IsEmpty || Array.Exists(_stripes, static stripe => stripe is { IsEmpty: false });
    }
}
