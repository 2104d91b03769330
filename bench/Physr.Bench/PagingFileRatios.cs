// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging;
using Physr.Paging.Stores;

namespace Physr.Bench;

/// <summary>Pages whose bytes are in a file, past the page cache: as many threads that fault as the rival in C has reads under way.</summary>
internal static class PagingFileRatios
{
    private const int Rounds = 3;
    private const int Pages = 16384;

    public static void Run(RatioTable table, PagerHost pager, PagingFloor floor)
    {
        string path = Path.Combine(AppContext.BaseDirectory, $"paging-{Environment.ProcessId}.bin");
        try
        {
            Run(table, pager, floor, path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Run(RatioTable table, PagerHost pager, PagingFloor floor, string path)
    {
        using PagingRig rig = PagingRig.Create(pager, RegionStore.File(path, (ulong)Pages * PagingRig.PageBytes, create: true), Pages, 2 * Pages);
        PagingSamples figures = new();
        for (int round = 0; round <= Rounds; round++)
        {
            PagingSamples kept = round == 0 ? new() : figures; // the first round warms up
            foreach (int depth in (int[])[1, 8, 32])
            {
                int reads = Math.Min(512 * depth, 4096);
                kept.Add($"C {depth}", floor.ReadFile("reads", path, Pages, depth, reads));
                kept.Add($"ours {depth}", rig.ReadFrom(depth, reads / depth, round));
                kept.Add($"C faults {depth}", floor.ReadFile("faults", path, Pages, depth, reads));
                rig.Empty();
            }
        }

        foreach (int depth in (int[])[1, 8, 32])
        {
            table.Compare($"4 KiB of a file at random, {depth} at once, each / C, io_uring", figures[$"ours {depth}"], figures[$"C {depth}"], 1.2, "≤ 1.2");
            table.Against("same / C, faults that another process serves through io_uring", figures[$"ours {depth}"], figures[$"C faults {depth}"]);
        }
    }
}
