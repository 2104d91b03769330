// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges.Tests.Infrastructure;

/// <summary>What a range map must do, done slowly: a list, looked through from end to end.</summary>
internal sealed class RangeMapOracle(RangeOverlap overlap)
{
    public List<(ulong Start, ulong End, int Value)> Ranges { get; } = [];

    public bool TryAdd(ulong start, ulong end, int value)
    {
        if (start == end || Ranges.Exists(range => IsInTheWay(range.Start, range.End, start, end)))
        {
            return false;
        }

        Ranges.Add((start, end, value));
        return true;
    }

    public bool IsInTheWay(ulong start, ulong end, ulong newStart, ulong newEnd)
    {
        bool shareBytes = start < newEnd && newStart < end;
        bool same = start == newStart && end == newEnd;
        bool nested = (start <= newStart && newEnd <= end) || (newStart <= start && end <= newEnd);
        return shareBytes && (overlap == RangeOverlap.Refuse || same || !nested);
    }

    public bool TryRemove(ulong start, ulong end, out int value)
    {
        int index = Ranges.FindIndex(range => range.Start == start && range.End == end);
        value = index >= 0 ? Ranges[index].Value : 0;
        if (index >= 0)
        {
            Ranges.RemoveAt(index);
        }

        return index >= 0;
    }

    public (ulong Start, ulong End, int Value)? Find(ulong address) =>
        Ranges.Where(range => range.Start <= address && address < range.End).OrderBy(range => range.End - range.Start).Cast<(ulong, ulong, int)?>().FirstOrDefault();

    public (ulong Start, ulong End, int Value)? FindNext(ulong address)
    {
        ulong[] held = [.. Ranges.Where(range => range.End > address).Select(range => Math.Max(range.Start, address))];
        return held.Length == 0 ? null : Find(held.Min());
    }

    public IEnumerable<(ulong Start, ulong End, int Value)> Overlapping(ulong start, ulong end) =>
        Ranges.Where(range => start < end && range.Start < end && start < range.End).OrderBy(range => range.Start).ThenByDescending(range => range.End);

    public IEnumerable<(ulong Start, ulong End)> Gaps(ulong start, ulong end)
    {
        ulong at = start;
        foreach ((ulong from, ulong to, _) in Overlapping(start, end))
        {
            if (from > at)
            {
                yield return (at, from);
            }

            at = Math.Max(at, to);
        }

        if (at < end)
        {
            yield return (at, end);
        }
    }
}
