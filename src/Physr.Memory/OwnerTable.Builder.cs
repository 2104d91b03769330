// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

public sealed partial class OwnerTable
{
    /// <summary>Builds a table of ranges that are disjoint or nested; inside a nest the innermost owns (row R45b).</summary>
    /// <exception cref="ArgumentException">Two ranges overlap in part.</exception>
    public static OwnerTable Build(IEnumerable<OwnedRange> ranges)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        Segment[] segments = Flatten(ranges, out ulong[] starts);
        if (segments.Length == 1)
        {
            return Empty;
        }

        ulong end = Math.Min(segments[^2].End, RadixEnd);
        uint topCount = (uint)((end + ((1UL << TopShift) - 1)) >> TopShift);
        List<uint> slots = new((int)topCount);
        for (uint i = 0; i < topCount; i++)
        {
            slots.Add(0);
        }

        int first = 0;
        for (uint i = 0; i < topCount; i++)
        {
            Fill(slots, (int)i, (ulong)i << TopShift, TopShift, segments, starts, ref first);
        }

        return new([.. slots], topCount, segments, starts);
    }

    /// <summary>Sets one slot that stands for the bytes [start, start + 2^shift), and the levels below it. Slots are filled ascending, so that
    /// <paramref name="first"/>, the first segment that ends above start, only moves up.</summary>
    private static void Fill(List<uint> slots, int slot, ulong start, int shift, Segment[] segments, ulong[] starts, ref int first)
    {
        ulong end = start + (1UL << shift);
        while (segments[first].End <= start)
        {
            first++;
        }

        if (starts[first] >= end)
        {
            return;
        }

        if (starts[first] <= start && segments[first].End >= end)
        {
            slots[slot] = (uint)first + 1;
            return;
        }

        if (starts[Math.Min(first + 2, starts.Length - 1)] >= end)
        {
            slots[slot] = Shared | ((uint)first + 1);
            return;
        }

        if (shift == PageSize.Shift4K)
        {
            slots[slot] = SearchMark;
            return;
        }

        int child = slots.Count;
        slots[slot] = Child | (uint)child;
        for (int i = 0; i < FanOut; i++)
        {
            slots.Add(0);
        }

        int childShift = shift - 9;
        for (int i = 0; i < FanOut; i++)
        {
            Fill(slots, child + i, start + ((ulong)i << childShift), childShift, segments, starts, ref first);
        }
    }

    /// <summary>Cuts nested ranges into runs with one owner each, ascending, and <see cref="Segment.Last"/>; a range goes on after what is nested in it.</summary>
    private static Segment[] Flatten(IEnumerable<OwnedRange> ranges, out ulong[] starts)
    {
        List<OwnedRange> sorted = [.. ranges.Where(range => !range.Range.IsEmpty)];

        // Outer before inner; List.Sort is unstable, but equal ranges are told apart by owner, and the higher index is the inner one.
        sorted.Sort((left, right) =>
        {
            int order = left.Range.Start.CompareTo(right.Range.Start);
            order = order != 0 ? order : right.Range.Length.CompareTo(left.Range.Length);
            return order != 0 ? order : left.Provider.Value.CompareTo(right.Provider.Value);
        });

        List<Segment> segments = new(sorted.Count);
        List<ulong> from = new(sorted.Count);
        Stack<OwnedRange> open = new();
        ulong reached = 0;
        foreach (OwnedRange next in sorted)
        {
            Close(next.Range.Start.Value);
            if (open.TryPeek(out OwnedRange outer))
            {
                if (next.Range.End.Value > outer.Range.End.Value)
                {
                    throw new ArgumentException($"{next.Range} overlaps {outer.Range} in part.", nameof(ranges));
                }

                Emit(next.Range.Start.Value, outer);
            }

            reached = next.Range.Start.Value;
            open.Push(next);
        }

        Close(ulong.MaxValue);
        from.Add(ulong.MaxValue);
        segments.Add(Segment.Last);
        starts = [.. from];
        return [.. segments];

        void Close(ulong upTo)
        {
            while (open.TryPeek(out OwnedRange top) && top.Range.End.Value <= upTo)
            {
                Emit(top.Range.End.Value, top);
                open.Pop();
            }
        }

        void Emit(ulong end, OwnedRange range)
        {
            if (end > reached)
            {
                from.Add(reached);
                segments.Add(new(end, range.Provider.Value));
                reached = end;
            }
        }
    }
}
