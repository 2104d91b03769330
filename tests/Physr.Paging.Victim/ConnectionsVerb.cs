// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Stores;

namespace Physr.Paging.Victim;

/// <summary>Connects to another program's pager, as often as it is told, and works on a region over each connection.</summary>
internal static class ConnectionsVerb
{
    public static int Run(Arguments given)
    {
        int count = (int)given.Number("count", 8);
        int seed = (int)given.Number("seed", 1);
        const ulong length = 48 * 4096;
        List<(PagerHost Host, DevicePrivateRegion Region, ShadowWork Work)> all = [];
        for (int index = 0; index < count; index++)
        {
            PagerHost host = given.Pager();
            DevicePrivateRegion region = DevicePrivateRegion.Create(length, RegionStore.Memory(length), 12 * 4096, new() { Pager = host });
            all.Add((host, region, new(region, 1, seed + index, Touches.Random, burst: 20, given.Number("operations", 2000))));
        }

        // All of them are there before any of them works.
        Console.WriteLine("connected");
        Console.In.ReadLine();
        all.ForEach(static one => one.Work.Start());
        string? failure = null;
        foreach ((PagerHost host, DevicePrivateRegion region, ShadowWork work) in all)
        {
            work.Join();
            failure ??= work.Check();
            failure ??= region.Health == RegionHealth.Healthy ? null : $"a region is {region.Health}";
            work.Dispose();
            region.Dispose();
            host.Dispose();
        }

        Console.WriteLine(failure is null ? "right" : $"wrong {failure}");
        return failure is null ? 0 : 1;
    }
}
