// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Stores;

namespace Physr.Paging.Victim;

/// <summary>Every store with every order of touches, by one thread and by several, with little room and with more, against a shadow. A line for each.</summary>
internal static class MatrixVerb
{
    private const ulong Pages = 1024;

    public static int Run(Arguments given)
    {
        int seed = (int)given.Number("seed", 1);
        long operations = given.Number("operations");
        string file = given.Text("file");
        using PagerHost pager = given.Pager();
        foreach (string kind in given.Text("stores").Split(','))
        {
            foreach (Touches touches in Enum.GetValues<Touches>())
            {
                foreach ((int threads, ulong budget) in ((int, ulong)[])[(1, Pages / 4), (3, Pages / 16), (3, Pages * 7 / 8)])
                {
                    string name = $"{kind} {touches} threads {threads} budget {budget}";
                    string? failure = One(pager, kind, file, budget, threads, touches, seed++, operations, out string done);
                    Console.WriteLine(failure is null ? $"ok {name} {done}" : $"wrong {name} seed {seed - 1}: {failure}");
                    if (failure is not null)
                    {
                        return 1;
                    }
                }
            }
        }

        return 0;
    }

    private static string? One(PagerHost pager, string kind, string file, ulong budget, int threads, Touches touches, int seed, long operations, out string done)
    {
        const ulong length = Pages * 4096;
        File.Delete(file);
        RegionStore store = Arguments.Store(kind, length, file);
        DevicePrivateRegion region = DevicePrivateRegion.Create(length, store, budget * 4096, new() { Pager = pager, Name = kind });
        using ShadowWork work = new(region, threads, seed, touches, burst: 1000, operations);
        work.Start();
        work.Join();
        string? failure = work.Failure ?? work.Check();
        RegionStatistics now = region.Statistics;
        done = $"operations {work.Operations} faults {now.Faults} leases {now.LeaseFills} evictions {now.Evictions} clean {now.CleanEvictions}";
        failure ??= now.ResidentPages > (long)budget ? $"{now.ResidentPages} pages are resident, and {budget} may be" : null;
        region.Dispose();
        return failure ?? (kind == "file" && !work.IsAll(File.ReadAllBytes(file), 0) ? "the file has other bytes than were written" : null);
    }
}
