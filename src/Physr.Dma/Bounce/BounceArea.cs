// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;

namespace Physr.Dma.Bounce;

/// <summary>A part of a pool with a lock of its own: which of its slots are free, 128 to a segment, as bits. A run never leaves its segment.</summary>
internal sealed class BounceArea
{
    private readonly Lock _lock = new();
    private readonly UInt128[] _free;
    private readonly int _firstSegment;
    private readonly ulong _slotPhase;
    private int _next;

    /// <param name="firstSegment">Its first segment in the pool.</param>
    /// <param name="segments">How many it has.</param>
    /// <param name="slotPhase">The number of the pool's first slot among all of physical memory's: alignment is that of addresses.</param>
    public BounceArea(int firstSegment, int segments, ulong slotPhase)
    {
        _firstSegment = firstSegment;
        _slotPhase = slotPhase;
        _free = new UInt128[segments];
        Array.Fill(_free, UInt128.MaxValue);
    }

    /// <summary>Takes a run of slots.</summary>
    /// <param name="count">How many, 1 to 128.</param>
    /// <param name="stride">Its first slot's address in slots, modulo this power of two of at most 128, …</param>
    /// <param name="phase">… is this.</param>
    /// <returns>The run's first slot in the pool; -1 where none is free.</returns>
    public int TryTake(int count, int stride, int phase)
    {
        lock (_lock)
        {
            for (int tried = 0; tried < _free.Length; tried++)
            {
                int segment = (_next + tried) % _free.Length;
                int firstSlot = (_firstSegment + segment) * BouncePool.SegmentSlots;
                int shift = (int)((ulong)(phase - (firstSlot % stride)) - _slotPhase) & (stride - 1);
                UInt128 starts = RunStarts(_free[segment], count) & (Every(stride) << shift);
                if (starts != UInt128.Zero)
                {
                    int slot = (int)UInt128.TrailingZeroCount(starts);
                    _free[segment] &= ~(Ones(count) << slot);
                    _next = segment;
                    return firstSlot + slot;
                }
            }

            return -1;
        }
    }

    /// <summary>Gives a run back.</summary>
    public void Free(int firstSlot, int count)
    {
        int inArea = firstSlot - (_firstSegment * BouncePool.SegmentSlots);
        UInt128 run = Ones(count) << (inArea % BouncePool.SegmentSlots);
        lock (_lock)
        {
            ref UInt128 free = ref _free[inArea / BouncePool.SegmentSlots];
            Debug.Assert((free & run) == UInt128.Zero, "a slot was given back twice");
            free |= run;
        }
    }

    private static UInt128 Ones(int count) => count == BouncePool.SegmentSlots ? UInt128.MaxValue : (UInt128.One << count) - 1;

    /// <summary>A bit in every <paramref name="stride"/>.</summary>
    private static UInt128 Every(int stride)
    {
        UInt128 bits = UInt128.One;
        for (int width = stride; width < BouncePool.SegmentSlots; width <<= 1)
        {
            bits |= bits << width;
        }

        return bits;
    }

    /// <summary>The bits at which a run of free ones that long begins: each step doubles the length that is known to be free.</summary>
    private static UInt128 RunStarts(UInt128 free, int count)
    {
        for (int known = 1; known < count;)
        {
            int step = Math.Min(known, count - known);
            free &= free >> step;
            known += step;
        }

        return free;
    }
}
