// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;

namespace Physr.Paging.Control;

/// <content>Histograms, and single faults for whoever listens.</content>
internal sealed unsafe partial class ControlBlock
{
    /// <summary>Buckets of a histogram: four to each doubling, from 0 to 2^40 ns and more.</summary>
    public const int Buckets = 160;

    /// <summary>Whether somebody listens to single faults.</summary>
    public bool IsTelling => Volatile.Read(ref Telling) != 0;

    /// <summary>The bucket of a time.</summary>
    public static int Bucket(long nanoseconds)
    {
        ulong value = (ulong)Math.Max(nanoseconds, 1);
        int power = BitOperations.Log2(value);
        int quarter = power < 2 ? 0 : (int)(value >> (power - 2)) & 3;
        return Math.Min((power * 4) + quarter, Buckets - 1);
    }

    /// <summary>The least time of a bucket, in nanoseconds.</summary>
    public static double BucketStart(int bucket) => Math.Pow(2, bucket / 4) * (1 + (bucket % 4 / 4.0));

    /// <summary>Notes how long a fault took to serve.</summary>
    public void NoteFill(long nanoseconds) => Interlocked.Increment(ref ((long*)(_base + ControlLayout.FillTimesAt))[Bucket(nanoseconds)]);

    /// <summary>Notes how long a page took to evict.</summary>
    public void NoteEvict(long nanoseconds, int pages) => Interlocked.Add(ref ((long*)(_base + ControlLayout.EvictTimesAt))[Bucket(nanoseconds)], pages);

    /// <summary>Copies a histogram.</summary>
    /// <param name="offset"><see cref="ControlLayout.FillTimesAt"/> or <see cref="ControlLayout.EvictTimesAt"/>.</param>
    /// <param name="counts"><see cref="Buckets"/> places.</param>
    public void CopyTimes(int offset, Span<long> counts) => new ReadOnlySpan<long>(_base + offset, Buckets).CopyTo(counts);

    /// <summary>Writes a single fault to the ring.</summary>
    public void Tell(FaultKind kind, ulong page, int pages, long nanoseconds)
    {
        // SAFETY: the slot lies within the header.
        long sequence = Interlocked.Increment(ref *(long*)(_base + ControlLayout.EventHeadAt));
        byte* slot = _base + ControlLayout.EventsAt + ((ulong)sequence % ControlLayout.Events * ControlLayout.EventBytes);
        Volatile.Write(ref *(long*)slot, 0);
        *(ulong*)(slot + 8) = page;
        *(long*)(slot + 16) = nanoseconds;
        *(int*)(slot + 24) = (int)kind;
        *(int*)(slot + 28) = pages;
        Volatile.Write(ref *(long*)slot, sequence);
    }

    /// <summary>Reads the next single fault.</summary>
    /// <param name="last">The last one that was read; 0 at first. Moves on, also over those that are lost.</param>
    /// <param name="kind">Why the pager was called.</param>
    /// <param name="page">The page.</param>
    /// <param name="pages">How many came with it.</param>
    /// <param name="nanoseconds">How long that took.</param>
    public bool TryHear(ref long last, out FaultKind kind, out ulong page, out int pages, out long nanoseconds)
    {
        (kind, page, pages, nanoseconds) = (default, 0, 0, 0);
        long head = Volatile.Read(ref *(long*)(_base + ControlLayout.EventHeadAt));
        last = Math.Max(last, head - ControlLayout.Events);
        while (last < head)
        {
            // SAFETY: the slot lies within the header.
            long wanted = ++last;
            byte* slot = _base + ControlLayout.EventsAt + ((ulong)wanted % ControlLayout.Events * ControlLayout.EventBytes);
            if (Volatile.Read(ref *(long*)slot) != wanted)
            {
                continue;
            }

            (page, nanoseconds, kind, pages) = (*(ulong*)(slot + 8), *(long*)(slot + 16), (FaultKind)(*(int*)(slot + 24)), *(int*)(slot + 28));
            if (Volatile.Read(ref *(long*)slot) == wanted)
            {
                return true;
            }
        }

        return false;
    }
}
