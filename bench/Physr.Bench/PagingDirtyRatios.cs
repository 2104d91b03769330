// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging;
using Physr.Paging.Stores;

namespace Physr.Bench;

/// <summary>Finding out what was written to: a fault for each first write, as the pager does it, and the kernel's way without one, with which writes are lost when pages leave.</summary>
internal static class PagingDirtyRatios
{
    private const int Rounds = 5;
    private const int Pages = 2048;

    public static void Run(RatioTable table, PagerHost pager, PagingFloor floor)
    {
        using PagingRig rig = PagingRig.Create(pager, RegionStore.Memory(Pages * PagingRig.PageBytes), Pages, 2 * Pages);
        PagingSamples figures = new();
        for (int round = 0; round <= Rounds; round++)
        {
            PagingSamples kept = round == 0 ? new() : figures; // the first round warms up
            kept.Add("C", floor.Dirty());
            rig.Region.Acquire(0, rig.Region.Length, LeaseAccess.Read).Dispose();
            kept.Add("ours", rig.WriteEach(Pages));
            rig.Empty();
        }

        table.Against("first write to a page that is there / C, same processor", figures["ours"], figures["C sync-write"]);
        table.Against("same / C, handler on the other processor", figures["ours"], figures["C sync-write-other"]);
        table.Note("C, write-protecting 64 MiB at once, for a page", figures["C sync-arm"], "ns");
        table.Note("C, first write to a page with asynchronous write-protection", figures["C async-write"], "ns");
        table.Note("C, asynchronous write-protection of 64 MiB at once, for a page", figures["C async-arm"], "ns");
        table.Note("C, PAGEMAP_SCAN of 64 MiB, half of it written to, and protected again, for a page", figures["C async-scan"], "ns");
        foreach ((bool isAsync, int pause) in ((bool, int)[])[(true, 0), (true, 50), (false, 0), (false, 50)])
        {
            Dictionary<string, double> lost = floor.Lost(isAsync, 1000, pause);
            string how = isAsync ? "asynchronous" : "synchronous";
            table.Note($"C, writes lost of pages that leave beside a writer, {how} write-protection, {pause} µs between look and hole", lost["lost"], $"of {lost["evictions"]} evictions");
        }
    }
}
