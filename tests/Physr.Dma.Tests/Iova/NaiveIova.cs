// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Tests.Iova;

/// <summary>What an IOVA space must allow, done slowly: which granules are out, which are reserved, and whether a run would fit anywhere at all.</summary>
internal sealed class NaiveIova(ulong granule, ulong first, ulong last, int cachedOrders)
{
    private readonly SortedList<ulong, ulong> _taken = [];
    private readonly List<(ulong Start, ulong End)> _reserved = [];

    public IEnumerable<(ulong Start, ulong Bytes)> Live => _taken.Select(static run => (run.Key, run.Value));

    public ulong LiveBytes => _taken.Aggregate(0UL, static (sum, run) => sum + run.Value);

    /// <summary>Bytes that a run of a length takes, as the options say: kept sizes are powers of two.</summary>
    public ulong SizeOf(ulong length)
    {
        ulong granules = (length + granule - 1) / granule;
        ulong power = System.Numerics.BitOperations.RoundUpToPowerOf2(granules);
        return granule * (System.Numerics.BitOperations.Log2(power) < cachedOrders ? power : granules);
    }

    public ulong AlignmentOf(ulong length) => System.Numerics.BitOperations.RoundUpToPowerOf2(SizeOf(length));

    /// <summary>The highest place where a run fits, looked for from place to place; null for none.</summary>
    public ulong? Highest(ulong length, ulong mask)
    {
        ulong size = SizeOf(length);
        ulong alignment = AlignmentOf(length);
        ulong top = Math.Min(mask, last);
        if (top < size - 1)
        {
            return null;
        }

        for (ulong at = (top - (size - 1)) / alignment * alignment; at >= first && at != 0;)
        {
            (ulong Start, ulong End)? obstacle = FindOverlap(at, at + size);
            if (obstacle is null)
            {
                return at;
            }

            if (obstacle.Value.Start < size)
            {
                return null;
            }

            at = (obstacle.Value.Start - size) / alignment * alignment;
        }

        return null;
    }

    public bool IsTaken(ulong start, ulong end) => _taken.Any(run => run.Key < end && start < run.Key + run.Value);

    public void Take(ulong start, ulong length)
    {
        ulong size = SizeOf(length);
        Assert.Null(FindOverlap(start, start + size));
        _taken.Add(start, size);
    }

    public void Free(ulong start) => Assert.True(_taken.Remove(start));

    public void Reserve(ulong start, ulong end) => _reserved.Add((start / granule * granule, (end + granule - 1) / granule * granule));

    private (ulong Start, ulong End)? FindOverlap(ulong start, ulong end)
    {
        foreach ((ulong from, ulong to) in _reserved)
        {
            if (from < end && start < to)
            {
                return (from, to);
            }
        }

        for (int i = 0; i < _taken.Count && _taken.Keys[i] < end; i++)
        {
            if (start < _taken.Keys[i] + _taken.Values[i])
            {
                return (_taken.Keys[i], _taken.Keys[i] + _taken.Values[i]);
            }
        }

        return null;
    }
}
