// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>Cuts a list into the fewest parts that fit: even ones, so that each has room to grow; or full ones with the rest in the last, for a list
/// that grows at its end. An empty list is one empty part.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
internal ref struct Parts<T>
{
    private readonly ReadOnlySpan<T> _all;
    private readonly int _limit;
    private readonly bool _packed;
    private int _partsLeft;
    private int _done;

    /// <summary>Prepares to cut <paramref name="all"/> into parts of at most <paramref name="limit"/>.</summary>
    public Parts(ReadOnlySpan<T> all, int limit, bool packed)
    {
        _all = all;
        _limit = limit;
        _packed = packed;
        _partsLeft = Math.Max(1, (all.Length + limit - 1) / limit);
    }

    /// <summary>The part that the last <see cref="MoveNext"/> cut.</summary>
    public ReadOnlySpan<T> Current { get; private set; }

    /// <summary>Cuts the next part.</summary>
    public bool MoveNext()
    {
        if (_partsLeft == 0)
        {
            return false;
        }

        int rest = _all.Length - _done;
        int size = _packed ? Math.Min(rest, _limit) : (rest + _partsLeft - 1) / _partsLeft;
        Current = _all.Slice(_done, size);
        _done += size;
        _partsLeft--;
        return true;
    }

    /// <summary>The parts themselves are enumerated.</summary>
    public readonly Parts<T> GetEnumerator() => this;
}
