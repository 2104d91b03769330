// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <content>Many frames at once, for one turn of the lock.</content>
public sealed unsafe partial class RamZone
{
    // SAFETY: descriptors are only looked at by numbers below the count that was allocated, and whether they are there is asked below the lock.
    /// <summary>Takes single frames, each with one reference, from as few runs as there are.</summary>
    /// <param name="frames">Filled from its start.</param>
    /// <returns>How many there were.</returns>
    public int TryAllocateMany(Span<PageFrameNumber> frames)
    {
        if (frames.IsEmpty || _gate?.TryPass("RAM page") == false)
        {
            return 0;
        }

        int count = 0;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_descriptors is null, this);
            while (count < frames.Length && TryTakeRun(frames.Length - count, out ulong page, out int taken))
            {
                for (int i = 0; i < taken; i++)
                {
                    frames[count++] = new(_first + page + (ulong)i);
                }
            }

            Volatile.Write(ref _freePages, _freePages - count);
        }

        for (int i = 0; i < count; i++)
        {
            Prepare(frames[i].Value - _first, 0);
        }

        return count;
    }

    /// <summary>Gives a run of single frames back, in whole aligned pieces.</summary>
    internal void FreeRun(PageFrameNumber first, ulong pages)
    {
        ulong at = first.Value;
        ulong end = at + pages;
        while (at < end)
        {
            int order = 0;
            while (order < MaxOrder && ((at - _first) & ((2UL << order) - 1)) == 0 && end - at >= 2UL << order)
            {
                order++;
            }

            Free(new(at), order);
            at += 1UL << order;
        }
    }

    /// <summary>The largest free run of at most so many pages, or that many of a larger one; below the lock.</summary>
    private bool TryTakeRun(int most, out ulong page, out int taken)
    {
        int wanted = Math.Min(MaxOrder, System.Numerics.BitOperations.Log2((uint)most));
        int found = wanted;
        while (found <= MaxOrder && _heads[found] == FreedOrNever)
        {
            found++;
        }

        if (found > MaxOrder)
        {
            found = wanted - 1;
            while (found >= 0 && _heads[found] == FreedOrNever)
            {
                found--;
            }
        }

        page = 0;
        taken = 0;
        if (found < 0)
        {
            return false;
        }

        page = _heads[found];
        Unlink(page, found);
        while (found > wanted)
        {
            found--;
            Link(page + (1UL << found), found);
        }

        taken = 1 << found;
        return true;
    }
}
