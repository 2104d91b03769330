// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using Physr.Dma.Iova;

namespace Physr.Dma.Iommu;

/// <summary>Unmapped runs whose invalidation waits, so that one flush of the domain serves many (the kernel's flush queue of lazy mode). Addresses, and tables that were
/// unlinked, are given back after the flush and never before; until then a device that kept an address may still reach the bytes. Thread-safe.</summary>
/// <remarks>A flush is due when a ring is full, when somebody asks, or when <see cref="Tick"/> says that a run has waited for long enough: there is no timer inside.</remarks>
public sealed class FlushQueue
{
    private readonly IIommuDomain _domain;
    private readonly IovaAllocator _iova;
    private readonly ulong _period;
    private readonly FlushQueueRing[] _rings;
    private long _begun;
    private long _finished;
    private long _forced;
    private ulong _now;
    private ulong _waitingSince;
    private int _isArmed;

    /// <summary>Makes an empty queue.</summary>
    /// <param name="domain">What is flushed.</param>
    /// <param name="iova">Where addresses go back to.</param>
    /// <param name="options">Its bounds; null is the default.</param>
    public FlushQueue(IIommuDomain domain, IovaAllocator iova, FlushQueueOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(domain);
        ArgumentNullException.ThrowIfNull(iova);
        options ??= new();
        ArgumentOutOfRangeException.ThrowIfNegative(options.Stripes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Entries);
        _domain = domain;
        _iova = iova;
        _period = options.PeriodNanoseconds;
        int stripes = options.Stripes == 0 ? Environment.ProcessorCount : options.Stripes;
        _rings = [.. Enumerable.Range(0, (int)BitOperations.RoundUpToPowerOf2((uint)stripes)).Select(_ => new FlushQueueRing(options.Entries))];
    }

    /// <summary>Flushes done.</summary>
    public long Flushes => Interlocked.Read(ref _finished);

    /// <summary>Of them, those that a full ring forced.</summary>
    public long Forced => Interlocked.Read(ref _forced);

    /// <summary>Called when the first run begins to wait, on the thread that released it; says the present moment in nanoseconds. Whoever owns the clock calls
    /// <see cref="Tick"/> a period later. Where it is null, the time told last counts.</summary>
    public Func<ulong>? Armed { get; set; }

    /// <summary>The longest that a run waits while <see cref="Tick"/> is called, in nanoseconds.</summary>
    public ulong PeriodNanoseconds => _period;

    /// <summary>Runs that wait.</summary>
    public int Pending
    {
        get
        {
            int sum = 0;
            foreach (FlushQueueRing ring in _rings)
            {
                lock (ring.Lock)
                {
                    sum += ring.Count;
                }
            }

            return sum;
        }
    }

    /// <summary>Adds an unmapped run.</summary>
    /// <param name="address">The run as the allocator gave it.</param>
    /// <param name="length">The length as it was asked for.</param>
    /// <param name="gather">What its unmaps left to do; empty afterwards.</param>
    public void Add(DmaAddress address, ulong length, IotlbGather gather)
    {
        ArgumentNullException.ThrowIfNull(gather);
        FlushQueueRing ring = _rings[Environment.CurrentManagedThreadId & (_rings.Length - 1)];
        lock (ring.Lock)
        {
            ring.Release(Interlocked.Read(ref _finished), _domain, _iova);
            if (ring.IsFull)
            {
                Interlocked.Increment(ref _forced);
                FlushDomain();
                ring.Release(Interlocked.Read(ref _finished), _domain, _iova);
            }

            ring.Add(address, length, Interlocked.Read(ref _begun), gather.FreedTables);
        }

        gather.Reset();
        if (Volatile.Read(ref _isArmed) == 0 && Interlocked.Exchange(ref _isArmed, 1) == 0)
        {
            Volatile.Write(ref _waitingSince, Armed?.Invoke() ?? Volatile.Read(ref _now));
        }
    }

    /// <summary>Flushes the domain once and gives back all that waited before.</summary>
    /// <returns>How many runs were given back.</returns>
    public int Flush()
    {
        // Disarmed first: a run that comes now is either covered by this flush or arms again.
        Volatile.Write(ref _isArmed, 0);
        FlushDomain();
        int released = 0;
        foreach (FlushQueueRing ring in _rings)
        {
            lock (ring.Lock)
            {
                released += ring.Release(Interlocked.Read(ref _finished), _domain, _iova);
            }
        }

        return released;
    }

    /// <summary>Tells the time, and flushes where a run has waited for the period.</summary>
    /// <param name="nowNanoseconds">The present moment; never less than before.</param>
    /// <returns>Whether it flushed.</returns>
    public bool Tick(ulong nowNanoseconds)
    {
        Volatile.Write(ref _now, nowNanoseconds);
        if (Volatile.Read(ref _isArmed) == 0 || nowNanoseconds - Volatile.Read(ref _waitingSince) < _period)
        {
            return false;
        }

        // Disarmed before it is looked whether anything waits: a run that comes in between arms again.
        Volatile.Write(ref _isArmed, 0);
        return Pending != 0 && Flush() >= 0;
    }

    private void FlushDomain()
    {
        long begun = Interlocked.Increment(ref _begun);
        _domain.FlushAll();
        for (long finished = Interlocked.Read(ref _finished); finished < begun; finished = Interlocked.Read(ref _finished))
        {
            Interlocked.CompareExchange(ref _finished, begun, finished);
        }
    }
}
