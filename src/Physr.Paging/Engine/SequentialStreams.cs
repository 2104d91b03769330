// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Engine;

/// <summary>Recognises pages that are touched one behind the other, for a few readers at once, and says how many to bring in together.</summary>
internal sealed class SequentialStreams
{
    private const int Streams = 4;
    private const int Growth = 4;

    private readonly Lock _lock = new();
    private readonly ulong[] _next = new ulong[Streams];
    private readonly int[] _run = new int[Streams];
    private int _oldest;

    /// <summary>How many pages to bring in with a fault.</summary>
    /// <param name="page">Where it was.</param>
    /// <param name="most">The most that are worth it.</param>
    /// <returns>1 for the first fault of a stream, then four times as many with each.</returns>
    public int Length(ulong page, int most)
    {
        lock (_lock)
        {
            for (int index = 0; index < Streams; index++)
            {
                if (_run[index] != 0 && _next[index] == page)
                {
                    _run[index] = Math.Min(_run[index] * Growth, most);
                    _next[index] = page + (ulong)_run[index];
                    return _run[index];
                }
            }

            _oldest = (_oldest + 1) % Streams;
            _next[_oldest] = page + 1;
            _run[_oldest] = 1;
            return 1;
        }
    }

    /// <summary>Says where the stream that was at a page goes on, when that is elsewhere than foreseen.</summary>
    /// <param name="expected">Where it was thought to go on.</param>
    /// <param name="next">Where it does.</param>
    public void Move(ulong expected, ulong next)
    {
        lock (_lock)
        {
            for (int index = 0; index < Streams; index++)
            {
                if (_run[index] != 0 && _next[index] == expected)
                {
                    _next[index] = next;
                    return;
                }
            }
        }
    }
}
