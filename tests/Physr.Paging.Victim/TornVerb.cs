// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Victim;

/// <summary>Threads stamp whole pages with one value, and threads read whole pages, while pages come and go: half a stamp is a page that was taken out under somebody's hands.</summary>
internal static unsafe class TornVerb
{
    private const int Pages = 192;
    private const int PageWords = 4096 / sizeof(long);

    public static int Run(Arguments given)
    {
        int seed = (int)given.Number("seed", 1);
        long visits = given.Number("visits", 2000);
        using PagerHost pager = given.Pager();
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Pages * 4096, given.Store(Pages * 4096), 24 * 4096, new() { Pager = pager });
        long[] stamps = new long[Pages];
        Lock[] locks = [.. Enumerable.Range(0, Pages).Select(static _ => new Lock())];
        string? failure = null;
        Thread[] threads =
        [
            .. Enumerable.Range(0, 4).Select(index => new Thread(() =>
            {
                Random random = new(seed + index);
                for (long visit = 0; visit < visits && failure is null; visit++)
                {
                    int page = random.Next(Pages);
                    bool isLeased = random.Next(2) == 0;
                    lock (locks[page])
                    {
                        string? wrong = index < 2 ? Stamp(region, page, stamps, isLeased, (visit * 4) + index + 1) : Read(region, page, stamps[page], isLeased);
                        failure ??= wrong;
                    }
                }
            })),
        ];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        for (int page = 0; page < Pages; page++)
        {
            failure ??= Read(region, page, stamps[page], isLeased: false);
        }

        RegionStatistics now = region.Statistics;
        Console.WriteLine(failure is null ? $"right visits {visits * 4} faults {now.Faults} leases {now.LeaseFills} evictions {now.Evictions}" : $"wrong {failure}");
        return failure is null ? 0 : 1;
    }

    private static string? Stamp(DevicePrivateRegion region, int page, long[] stamps, bool isLeased, long stamp)
    {
        string? wrong = Read(region, page, stamps[page], isLeased: false);
        using ResidencyLease lease = isLeased ? region.Acquire((ulong)page * 4096, 4096, LeaseAccess.Write) : default;
        long* words = (long*)(region.Pointer + (page * 4096));
        for (int word = 0; word < PageWords; word++)
        {
            words[word] = stamp;
        }

        stamps[page] = stamp;
        return wrong;
    }

    private static string? Read(DevicePrivateRegion region, int page, long stamp, bool isLeased)
    {
        using ResidencyLease lease = isLeased ? region.Acquire((ulong)page * 4096, 4096, LeaseAccess.Read) : default;
        long* words = (long*)(region.Pointer + (page * 4096));
        for (int word = 0; word < PageWords; word++)
        {
            if (words[word] != stamp)
            {
                return $"page {page} word {word} has stamp {words[word]}, and {stamp} was the last one";
            }
        }

        return null;
    }
}
