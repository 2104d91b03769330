// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Bench;

/// <summary>Who owns an address, and how far: the owner table against a flat table, a sorted array and a scan. Independent: the next address is known. Dependent: it waits
/// for the answer.</summary>
internal static class OwnerTableRatios
{
    private const double Most = 2.5;

    public static void Run(RatioTable table)
    {
        RunAligned(table);
        RunShifted(table);
    }

    private static void RunAligned(RatioTable table)
    {
        foreach (int count in (int[])[8, 64, 1024])
        {
            OwnerSet set = new(count);
            OwnerTable owners = OwnerTable.Build(set.Ranges);
            FlatTable flat = new(set, leaves4K: false);
            FlatTable leaves = new(set, leaves4K: true);
            SortedArrayMap array = set.ToSortedArray();
            if (OwnerWalks.Independent(owners, set.Probes) != OwnerWalks.Independent(array, set.Probes)
                || OwnerWalks.Dependent(owners, set.Probes) != OwnerWalks.Independent(owners, set.Probes))
            {
                throw new InvalidOperationException("The owner table and the array disagree.");
            }

            double[] times = RatioTable.TimeInTurn(
                OwnerSet.Points,
                () => OwnerWalks.Independent(owners, set.Probes),
                () => OwnerWalks.Dependent(owners, set.Probes),
                () => OwnerWalks.Independent(flat, set.Probes),
                () => OwnerWalks.Dependent(flat, set.Probes),
                () => OwnerWalks.Independent(leaves, set.Probes),
                () => OwnerWalks.Dependent(leaves, set.Probes),
                () => OwnerWalks.Independent(array, set.Probes),
                () => OwnerWalks.Dependent(array, set.Probes),
                () => OwnerWalks.Scan(set.Ranges, set.Probes));
            table.Limit($"owner look-up, {count:N0} ranges, independent", times[0], "ns", Most, $"≤ {Most} ns");
            table.Against("same / flat table of 2 MiB", times[0], times[2]);
            table.Against("same / flat table of 4 KiB", times[0], times[4]);
            table.Against("same / branchless sorted array", times[0], times[6]);
            if (count == 8)
            {
                table.Against("same / linear scan", times[0], times[8]);
            }

            table.Against($"owner look-up, {count:N0} ranges, dependent / flat table of 2 MiB", times[1], times[3]);
            table.Against("same / flat table of 4 KiB", times[1], times[5]);
            table.Against("same / branchless sorted array", times[1], times[7]);
        }
    }

    /// <summary>Ranges that begin and end one page after a multiple of 2 MiB: where a table of 2 MiB cannot answer, and one of 4 KiB needs all its leaves.</summary>
    private static void RunShifted(RatioTable table)
    {
        foreach (int count in (int[])[8, 64, 1024])
        {
            OwnerSet set = new(count, PageSize.Size4K);
            OwnerTable owners = OwnerTable.Build(set.Ranges);
            FlatTable leaves = new(set, leaves4K: true);
            double[] times = RatioTable.TimeInTurn(
                OwnerSet.Points,
                () => OwnerWalks.Independent(owners, set.Probes),
                () => OwnerWalks.Dependent(owners, set.Probes),
                () => OwnerWalks.Independent(leaves, set.Probes),
                () => OwnerWalks.Dependent(leaves, set.Probes));
            table.Limit($"owner look-up, {count:N0} ranges off by 4 KiB, independent", times[0], "ns", Most, $"≤ {Most} ns");
            table.Against("same / flat table of 4 KiB", times[0], times[2]);
            table.Against($"owner look-up, {count:N0} ranges off by 4 KiB, dependent / flat table of 4 KiB", times[1], times[3]);
        }
    }
}
