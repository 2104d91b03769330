// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Engine;

/// <summary>The pages that are in a window, in the order in which the clock's hand comes by. Whoever takes one out puts it back or has evicted it.</summary>
/// <remarks>A page that the application took out of the window itself stays here, and is here twice when it has come again; that costs a look, and what is here twice is dropped where there is no more room.</remarks>
internal sealed class ResidentClock
{
    private readonly Lock _lock = new();
    private uint[] _pages;
    private int _head;
    private int _count;

    /// <summary>Makes room.</summary>
    /// <param name="capacity">Pages that are expected; more make it grow.</param>
    public ResidentClock(int capacity) => _pages = new uint[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(capacity, 16))];

    /// <summary>How many pages there are.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Puts a page behind all others.</summary>
    public void Push(uint page)
    {
        lock (_lock)
        {
            if (_count == _pages.Length)
            {
                MakeRoom(1);
            }

            _pages[(_head + _count) & (_pages.Length - 1)] = page;
            _count++;
        }
    }

    /// <summary>Puts a run of pages behind all others, in one step.</summary>
    public void Push(uint first, uint count)
    {
        lock (_lock)
        {
            if (_count + count > _pages.Length)
            {
                MakeRoom((int)count);
            }

            for (uint index = 0; index < count; index++)
            {
                _pages[(_head + _count) & (_pages.Length - 1)] = first + index;
                _count++;
            }
        }
    }

    /// <summary>Takes the page under the hand.</summary>
    public bool TryPop(out uint page)
    {
        lock (_lock)
        {
            if (_count == 0)
            {
                page = 0;
                return false;
            }

            page = _pages[_head];
            _head = (_head + 1) & (_pages.Length - 1);
            _count--;
            return true;
        }
    }

    /// <summary>Drops what is here twice, and makes more places if half of them are needed all the same.</summary>
    private void MakeRoom(int more)
    {
        uint[] ordered = new uint[_count];
        for (int index = 0; index < _count; index++)
        {
            ordered[index] = _pages[(_head + index) & (_pages.Length - 1)];
        }

        uint[] sorted = [.. ordered];
        Array.Sort(sorted);
        System.Collections.BitArray isKnown = new(_count);
        int kept = 0;
        foreach (uint page in ordered)
        {
            // Equal ones are side by side, and the search always ends at the same of them.
            int at = Array.BinarySearch(sorted, page);
            if (!isKnown[at])
            {
                isKnown[at] = true;
                ordered[kept++] = page;
            }
        }

        int needed = kept + more;
        if (needed > _pages.Length / 2)
        {
            _pages = new uint[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)needed * 2)];
        }

        Array.Copy(ordered, _pages, kept);
        (_head, _count) = (0, kept);
    }
}
