// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Stores;

namespace Physr.Paging.Victim;

/// <summary>Works on a region while garbage is collected all the time, until its input ends. Says which pager serves each time that it is another, and one waits in reserve; and how it went.</summary>
internal static class StormyVerb
{
    public static int Run(Arguments given)
    {
        const ulong length = 64 * 4096;
        using PagerHost pager = given.Pager();
        using DevicePrivateRegion region = DevicePrivateRegion.Create(length, RegionStore.Memory(length), 16 * 4096, new() { Pager = pager });
        using ShadowWork work = new(region, threads: 2, (int)given.Number("seed", 1), Touches.Random, burst: 3);
        Task ended = Task.Run(static () => Console.In.ReadToEnd());
        string? failure;
        int collections;
        using (CollectionStorm storm = new(pauseMs: 1))
        {
            work.Start();
            for (int last = 0; !ended.IsCompleted && work.Failure is null; Thread.Sleep(1))
            {
                int serving = region.Control.PagerId;
                if (serving != last && serving == pager.ProcessId && pager.ReserveProcess is not null)
                {
                    Console.WriteLine($"serving {serving}");
                    last = serving;
                }
            }

            work.Stop();
            failure = work.Check();
            collections = storm.Count;
        }

        Console.WriteLine(failure is null ? $"right collections {collections} operations {work.Operations} restarts {pager.Restarts} health {region.Health} longest {work.Longest.TotalMilliseconds:F0} ms" : $"wrong {failure}");
        return failure is null ? 0 : 1;
    }
}
