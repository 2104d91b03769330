// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Bench;

/// <summary>The range map against a sorted array (look-ups) and a red-black tree (updates), at a thousand, a hundred thousand and a million ranges.</summary>
internal static class RangeMapRatios
{
    /// <summary>Look-up and update of the comparisons' reference machine, in nanoseconds: a sorted array in C, and the kernel's interval tree.</summary>
    private static readonly (int Count, double Update)[] Sizes = [(1_000, 73), (100_000, 160), (1_000_000, 540)];

    public static void Run(RatioTable table)
    {
        foreach ((int count, double update) in Sizes)
        {
            RangeSet set = new(count);
            SortedArrayMap array = set.ToSortedArray();
            RangeMap<PhysicalAddress, int> map = set.ToRangeMap();
            SortedSet<Node> tree = set.ToTree();
            if (Find(array, set.Probes) != Find(map, set.Probes))
            {
                throw new InvalidOperationException("The map and the array disagree.");
            }

            double[] finds = RatioTable.TimeInTurn(RangeSet.Points, () => Find(map, set.Probes), () => Find(array, set.Probes));
            double[] updates = RatioTable.TimeInTurn(RangeSet.Points, () => Update(map, set), () => Update(tree, set));
            table.Compare($"RangeMap look-up, {count:N0} ranges / branchless sorted array", finds[0], finds[1], 1, "≤ 1");
            table.Limit($"RangeMap update, {count:N0} ranges", updates[0], "ns", update, $"≤ {update} ns (kernel interval tree, reference machine)");
            table.Compare($"RangeMap update, {count:N0} ranges / red-black tree (SortedSet)", updates[0], updates[1], 1, "≤ 1");
        }
    }

    private static ulong Find(SortedArrayMap map, ulong[] probes)
    {
        ulong sum = 0;
        foreach (ulong probe in probes)
        {
            map.TryFind(probe, out int value, out _, out ulong length);
            sum += (ulong)value + length;
        }

        return sum;
    }

    private static ulong Find(RangeMap<PhysicalAddress, int> map, ulong[] probes)
    {
        ulong sum = 0;
        foreach (ulong probe in probes)
        {
            map.TryFind(new(probe), out int value, out PhysicalRange range);
            sum += (ulong)value + range.Length;
        }

        return sum;
    }

    private static void Update(RangeMap<PhysicalAddress, int> map, RangeSet set)
    {
        foreach (int i in set.Order)
        {
            map.TryRemove(set.Ranges[i], out _);
            map.TryAdd(set.Ranges[i], i);
        }
    }

    private static void Update(SortedSet<Node> tree, RangeSet set)
    {
        foreach (int i in set.Order)
        {
            Node node = new(set.Ranges[i].Start.Value, set.Ranges[i].End.Value, i);
            tree.Remove(node);
            tree.Add(node);
        }
    }
}
