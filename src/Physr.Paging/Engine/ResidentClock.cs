// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Engine;

/// <summary>The pages that are in a window, each once, in the order in which the clock's hand comes by. Whoever takes one out puts it back or has evicted it.</summary>
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
                Grow();
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
            while (_count + count > _pages.Length)
            {
                Grow();
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

    private void Grow()
    {
        uint[] larger = new uint[_pages.Length * 2];
        for (int index = 0; index < _count; index++)
        {
            larger[index] = _pages[(_head + index) & (_pages.Length - 1)];
        }

        (_pages, _head) = (larger, 0);
    }
}
