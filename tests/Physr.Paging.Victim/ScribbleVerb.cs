// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Paging.Control;
using Physr.Paging.Stores;

namespace Physr.Paging.Victim;

/// <summary>A client that writes nonsense into what it shares with its pager, while the pager works with that. What becomes of its own region is its own affair.</summary>
internal static unsafe class ScribbleVerb
{
    private const ulong Pages = 128;

    public static int Run(Arguments given)
    {
        int seed = (int)given.Number("seed", 1);
        PagerHost pager = given.Pager();
        DevicePrivateRegion region = DevicePrivateRegion.Create(Pages * 4096, RegionStore.Memory(Pages * 4096), 16 * 4096, new() { Pager = pager });
        for (int index = 0; index < 2; index++)
        {
            int own = seed + index;
            new Thread(() => Touch(region, own)) { IsBackground = true }.Start();
        }

        // Requests over the socket as well: eviction and writing back go by the words.
        new Thread(() => Ask(region)) { IsBackground = true }.Start();
        Random random = new(seed);
        byte* header = (byte*)region.Control.WordAddress(0) - ControlLayout.WordsAt;
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start).TotalMilliseconds < given.Number("ms", 1000);)
        {
            for (int index = 0; index < 16; index++)
            {
                uint bits = (uint)random.NextInt64();
                region.Control.Word((ulong)random.NextInt64((long)Pages)) = random.Next(4) switch { 0 => bits, 1 => bits & PageWord.Residence, 2 => PageWord.Filled | PageWord.Mapped, _ => 0 };
            }

            *(uint*)(header + (random.Next(ControlLayout.WordsAt / 4) * 4)) = random.Next(2) == 0 ? (uint)random.NextInt64() : (uint)random.Next(4);
            Thread.Sleep(random.Next(8) == 0 ? 1 : 0);
        }

        Console.WriteLine("scribbled");
        Console.In.ReadToEnd();
        return 0;
    }

    private static void Touch(DevicePrivateRegion region, int seed)
    {
        for (Random random = new(seed); ;)
        {
            byte* at = region.Pointer + random.NextInt64((long)region.Length);
            *at = (byte)(*at + 1);
        }
    }

    private static void Ask(DevicePrivateRegion region)
    {
        while (true)
        {
            region.Prefetch(0, region.Length);
            _ = region.Evict(0, region.Length);
        }
    }
}
