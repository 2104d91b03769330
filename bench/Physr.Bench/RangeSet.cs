// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Bench;

/// <summary>Disjoint ranges of 1 to 16 pages with gaps of 1 to 16 pages, and random points, a quarter of them in gaps: the data of table (c) of the comparisons.</summary>
internal sealed class RangeSet
{
    /// <summary>Random points per run.</summary>
    public const int Points = 65_536;

    /// <summary>Makes <paramref name="count"/> ranges of a fixed seed.</summary>
    public RangeSet(int count)
    {
        Random random = new(20_230_510);
        Ranges = new PhysicalRange[count];
        ulong[] gaps = new ulong[count];
        ulong at = PageSize.Size1G;
        for (int i = 0; i < count; i++)
        {
            ulong length = (ulong)random.Next(1, 17) * PageSize.Size4K;
            Ranges[i] = new(new(at), length);
            gaps[i] = (ulong)random.Next(1, 17) * PageSize.Size4K;
            at += length + gaps[i];
        }

        Probes = new ulong[Points];
        for (int i = 0; i < Points; i++)
        {
            int index = random.Next(count);
            PhysicalRange range = Ranges[index];
            bool inGap = random.Next(4) == 0;
            Probes[i] = inGap ? range.End.Value + (ulong)random.NextInt64((long)gaps[index]) : range.Start.Value + (ulong)random.NextInt64((long)range.Length);
        }

        Order = new int[Points];
        for (int i = 0; i < Points; i++)
        {
            Order[i] = random.Next(count);
        }
    }

    /// <summary>The ranges, ascending.</summary>
    public PhysicalRange[] Ranges { get; }

    /// <summary>The points to look up.</summary>
    public ulong[] Probes { get; }

    /// <summary>The ranges to update, in random order.</summary>
    public int[] Order { get; }

    /// <summary>The baseline over these ranges.</summary>
    public SortedArrayMap ToSortedArray() =>
        new([.. Ranges.Select(range => range.Start.Value)], [.. Ranges.Select((range, i) => (range.End.Value, i))]);

    /// <summary>A red-black tree of these ranges.</summary>
    public SortedSet<Node> ToTree() => [.. Ranges.Select((range, i) => new Node(range.Start.Value, range.End.Value, i))];

    /// <summary>A range map of these ranges, added in random order, as a map that lives is.</summary>
    public RangeMap<PhysicalAddress, int> ToRangeMap()
    {
        RangeMap<PhysicalAddress, int> map = new();
        int[] order = [.. Enumerable.Range(0, Ranges.Length)];
        new Random(7).Shuffle(order);
        foreach (int i in order)
        {
            map.Add(Ranges[i], i);
        }

        return map;
    }
}
