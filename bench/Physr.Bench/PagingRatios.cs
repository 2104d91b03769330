// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging;
using Physr.Paging.Stores;

namespace Physr.Bench;

/// <summary>Live device-private memory beside two bare processes in C that do the same, one after the other in each round; medians of the rounds.</summary>
internal static class PagingRatios
{
    private const int Rounds = 5;
    private const int Pages = 4096;
    private const int Touches = 2048;

    public static void Run(RatioTable table)
    {
        if (PagerHost.TryStart(null, out PagerHost? pager, out string why) != Errno.None)
        {
            table.Skip("live device-private memory", why);
            return;
        }

        using (pager)
        {
            using PagingFloor? floor = PagingFloor.TryCompile(out why);
            if (floor is null)
            {
                table.Skip("live device-private memory / C", why);
                return;
            }

            Faults(table, pager!, floor);
            Eviction(table, pager!, floor);
            PagingStreamRatios.Run(table, pager!, floor);
            PagingDirtyRatios.Run(table, pager!, floor);
            PagingResidentRatios.Run(table, pager!);
            PagingFileRatios.Run(table, pager!, floor);
            PagingMinute.Run(table, pager!, floor);
        }
    }

    private static void Faults(RatioTable table, PagerHost pager, PagingFloor floor)
    {
        using PagingRig one = PagingRig.Create(pager, RegionStore.Memory(Pages * PagingRig.PageBytes), Pages, 2 * Pages);
        using PagingRig other = PagingRig.Create(pager, RegionStore.Memory(Pages * PagingRig.PageBytes), Pages, 2 * Pages);
        using PagingRig two = PagingRig.Create(pager, RegionStore.Memory(2 * Pages * PagingRig.PageBytes), 2 * Pages, 4 * Pages);
        PagingSamples figures = new();
        for (int round = 0; round <= Rounds; round++)
        {
            PagingSamples kept = round == 0 ? new() : figures; // the first round warms up
            kept.Add("C same", floor.Read("same", 1, Pages, Touches));
            Add(kept, "one", one.Read(1, Touches, round));
            one.Empty();
            kept.Add("C two", floor.Read("same", 2, Pages, Touches));
            Add(kept, "pair", PagingRig.Read(one, other, Touches, round));
            one.Empty();
            other.Empty();
            kept.Add("C shared", floor.Read("shared", 2, Pages, Touches));
            Add(kept, "two", two.Read(2, Touches, round));
            two.Empty();
            kept.Add("C other", floor.Read("other", 1, Pages, Touches));
            kept.Add("C free", floor.Read("free", 1, Pages, Touches));
            kept.Add("C queue", floor.Read("queue", 1, Pages, Touches));
        }

        table.Compare("4 KiB random read fault, one thread, half of them / C, same processor", figures["one p50"], figures["C same p50"], 1.15, "≤ 1.15");
        table.Compare("same, 99 % of them", figures["one p99"], figures["C same p99"], 1.5, "≤ 1.5");
        table.Compare("two threads, a region each, half of them / C, a userfaultfd and handler each", figures["pair p50"], figures["C two p50"], 1.15, "≤ 1.15");
        table.Compare("same, 99 % of them", figures["pair p99"], figures["C two p99"], 1.5, "≤ 1.5");
        table.Compare("two threads in one region, half of them / C, the same", figures["two p50"], figures["C two p50"], 1.15, "≤ 1.15");
        table.Compare("same, 99 % of them", figures["two p99"], figures["C two p99"], 1.5, "≤ 1.5");
        table.Against("same, half of them / C, one userfaultfd, a handler on each processor", figures["two p50"], figures["C shared p50"]);
        table.Against("same, 99 % of them", figures["two p99"], figures["C shared p99"]);
        table.Against("one thread, half of them / C, handler on the other processor", figures["one p50"], figures["C other p50"]);
        table.Against("same / C, nobody pinned", figures["one p50"], figures["C free p50"]);
        table.Against("same / C, nobody pinned, through a queue", figures["one p50"], figures["C queue p50"]);
    }

    private static void Eviction(RatioTable table, PagerHost pager, PagingFloor floor)
    {
        const int pages = 8192, budget = pages / 4, writes = 4096;
        using PagingRig rig = PagingRig.Create(pager, RegionStore.Memory(pages * PagingRig.PageBytes), pages, budget);
        rig.Write(2 * budget, writes, 0);
        RegionStatistics before = rig.Region.Statistics;
        PagingSamples figures = new();
        const int rounds = 5;
        for (int round = 1; round <= rounds; round++)
        {
            figures.Add("C inline", floor.Write("same", "inline", pages, budget, writes));
            figures.Add("ours", rig.Write(512, writes, round));
            figures.Add("C ahead", floor.Write("same", "ahead", pages, budget, writes));
            figures.Add("C queue", floor.Write("queue", "inline", pages, budget, writes));
        }

        table.Compare("random write, four times more than may be there, per write / C, room made by the handler", figures["ours"], figures["C inline"], 1.25, "≥ 0.8 of its throughput");
        table.Against("same / C, room made ahead by another thread", figures["ours"], figures["C ahead"]);
        table.Compare("same / C, nobody pinned, through a queue", figures["ours"], figures["C queue"], 1 / 3.0, "≥ 3 times its throughput");
        RegionStatistics now = rig.Region.Statistics;
        double all = rounds * (512 + writes);
        table.Note("same, faults for each write", (now.Faults - before.Faults) / all, "");
        table.Note("same, pages evicted for each write", (now.Evictions - before.Evictions) / all, "");
    }

    private static void Add(PagingSamples figures, string name, double[] sorted)
    {
        figures.Add(name + " p50", sorted[sorted.Length / 2]);
        figures.Add(name + " p99", sorted[sorted.Length * 99 / 100]);
    }
}
