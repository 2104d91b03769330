// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using System.Globalization;
using Physr.Paging;
using Physr.Paging.Stores;

namespace Physr.Bench;

/// <summary>A minute of faults and evictions, and what the pager's own memory did meanwhile.</summary>
/// <remarks>A process that allocates touches pages of its heap that it had not touched: its minor faults count them, one for each 4 KiB. What serves faults touches nothing else for the first time.</remarks>
internal static class PagingMinute
{
    private static readonly TimeSpan s_length = TimeSpan.FromSeconds(60);

    public static void Run(RatioTable table, PagerHost pager, PagingFloor floor)
    {
        const int pages = 8192, budget = pages / 4, writes = 4096;
        using PagingRig rig = PagingRig.Create(pager, RegionStore.Memory(pages * PagingRig.PageBytes), pages, budget);
        rig.Write(4 * budget, writes, 0);
        using PagingCollections collections = PagingCollections.Listen(pager.ProcessId);
        rig.Write(0, writes, 0);
        RegionStatistics before = rig.Region.Statistics;
        long touched = MinorFaults(pager.ProcessId);
        long start = Stopwatch.GetTimestamp();
        for (int round = 1; Stopwatch.GetElapsedTime(start) < s_length; round++)
        {
            rig.Write(0, writes, round);
        }

        touched = MinorFaults(pager.ProcessId) - touched;
        int? collected = collections.Stop();
        RegionStatistics now = rig.Region.Statistics;
        double c = floor.Read("same", 1, 4096, 2048)["p99"];
        LatencyHistogram times = now.FillTimes.Since(before.FillTimes);
        table.Note("a minute of faults and evictions: faults", now.Faults - before.Faults, "");
        if (collected is { } count)
        {
            table.Limit("collections of the pager meanwhile", count, "", 0, "none that a fault waits for");
        }
        else
        {
            table.Skip("collections of the pager meanwhile", "its diagnostic port did not tell of one that was asked for");
        }

        table.Note("pages of its own that the pager touched first meanwhile", touched, "");
        table.Note("99.9 % of faults were served by the pager within", times.Quantile(0.999).TotalMicroseconds, "µs");
        table.Note("all of them within", times.Quantile(1).TotalMicroseconds, "µs");
        table.Note("C, 99 % of read faults", c / 1000, "µs");
    }

    private static long MinorFaults(int process)
    {
        string stat = File.ReadAllText($"/proc/{process}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return long.Parse(fields[7], CultureInfo.InvariantCulture); // proc(5): field 10, minflt; these begin with field 3
    }
}
