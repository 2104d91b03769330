// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iova;

/// <summary>What was taken out of the space for good, in granules: disjoint intervals in order. There are few: MSI windows, bridge windows.</summary>
internal sealed class IovaReservedRanges
{
    private readonly List<(ulong Start, ulong End)> _ranges = [];

    /// <summary>One past the last granule of the interval that holds a granule; 0 when none does.</summary>
    public ulong EndAt(ulong granule)
    {
        foreach ((ulong start, ulong end) in _ranges)
        {
            if (start <= granule && granule < end)
            {
                return end;
            }
        }

        return 0;
    }

    /// <summary>Adds an interval, joined with those that it overlaps or touches.</summary>
    public void Add(ulong start, ulong end)
    {
        int index = _ranges.FindIndex(range => range.End >= start);
        index = index < 0 ? _ranges.Count : index;
        while (index < _ranges.Count && _ranges[index].Start <= end)
        {
            start = Math.Min(start, _ranges[index].Start);
            end = Math.Max(end, _ranges[index].End);
            _ranges.RemoveAt(index);
        }

        _ranges.Insert(index, (start, end));
    }
}
