// Copyright (c) The Physr authors. Licensed under the MIT license.

using BenchmarkDotNet.Running;
using Physr.Bench;

// "ratios": quick interleaved comparisons in this process, as a Markdown table. Anything else: BenchmarkDotNet, for instance --filter '*RangeMap*'.
// "ratios GROUP" runs one group: peers, run, owners, bytes, map, lists, iova, pagetable, dma-map, revoke, mm, storage, pmem, page.
if (args is ["ratios", ..])
{
    RatioTable table = new(Console.Out);
    (string Name, Action<RatioTable> Run)[] groups =
    [
        ("peers", PeerMatrixRatios.Run), // first: its cold figures are those of a new process
        ("run", WholeRunRatios.Run),
        ("owners", OwnerTableRatios.Run),
        ("bytes", PageLessRatios.Run),
        ("map", RangeMapRatios.Run),
        ("lists", RangeListRatios.Run),
        ("iova", IovaRatios.Run),
        ("pagetable", PageTableRatios.Run),
        ("dma-map", DmaMapRatios.Run),
        ("revoke", RevokeRatios.Run),
        ("mm", ProcessMemoryRatios.Run),
        ("storage", StorageRatios.Run),
        ("pmem", PersistentMemoryRatios.Run),
        ("page", PagingRatios.Run),
    ];
    foreach ((string name, Action<RatioTable> run) in groups)
    {
        if (args.Length == 1 || Array.IndexOf(args, name, 1) > 0)
        {
            run(table);
        }
    }
}
else
{
    BenchmarkSwitcher.FromAssembly(typeof(RatioTable).Assembly).Run(args);
}
