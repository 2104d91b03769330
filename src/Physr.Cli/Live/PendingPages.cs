// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Cli.Live;

/// <summary>Ranges that were flushed and wait for a fence, by whole pages: neighbours joined, never more than <see cref="Most"/>, the smallest gap given up first. Allocates once.</summary>
/// <remarks>A gap given up writes pages back that nobody asked for, which is harmless; each range costs a call, and often a flush of the disk's cache.</remarks>
/// <param name="pageBytes">The page, in bytes.</param>
internal sealed class PendingPages(ulong pageBytes)
{
    /// <summary>Ranges at most.</summary>
    public const int Most = 16;

    // Ascending; no two overlap or touch. One place more than stays in use.
    private readonly (ulong Start, ulong End)[] _ranges = new (ulong Start, ulong End)[Most + 1];
    private int _count;

    /// <summary>The ranges, in bytes: starts and ends are multiples of the page.</summary>
    public ReadOnlySpan<(ulong Start, ulong End)> Ranges => _ranges.AsSpan(0, _count);

    /// <summary>Adds the pages that hold a range.</summary>
    public void Add(ulong offset, ulong length)
    {
        ulong start = Alignment.Down(offset, pageBytes);
        ulong end = Alignment.Up(offset + length, pageBytes);
        int at = 0;
        while (at < _count && _ranges[at].End < start)
        {
            at++;
        }

        int next = at;
        for (; next < _count && _ranges[next].Start <= end; next++)
        {
            start = Math.Min(start, _ranges[next].Start);
            end = Math.Max(end, _ranges[next].End);
        }

        // Those from at to next become one.
        _ranges.AsSpan(next, _count - next).CopyTo(_ranges.AsSpan(at + 1));
        _ranges[at] = (start, end);
        _count += 1 - (next - at);
        if (_count > Most)
        {
            CloseSmallestGap();
        }
    }

    /// <summary>Forgets all.</summary>
    public void Clear() => _count = 0;

    private void CloseSmallestGap()
    {
        int smallest = 1;
        for (int i = 2; i < _count; i++)
        {
            if (_ranges[i].Start - _ranges[i - 1].End < _ranges[smallest].Start - _ranges[smallest - 1].End)
            {
                smallest = i;
            }
        }

        _ranges[smallest - 1].End = _ranges[smallest].End;
        _ranges.AsSpan(smallest + 1, _count - smallest - 1).CopyTo(_ranges.AsSpan(smallest));
        _count--;
    }
}
