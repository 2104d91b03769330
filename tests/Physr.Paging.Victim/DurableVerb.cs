// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Stores;

namespace Physr.Paging.Victim;

/// <summary>Writes a growing number over single pages of a region in a file, makes each durable, and says so, until it is killed.</summary>
internal static class DurableVerb
{
    public static int Run(Arguments given)
    {
        int pages = (int)given.Number("pages", 64);
        using PagerHost pager = given.Pager();
        using RegionStore store = RegionStore.File(given.Text("file"), (ulong)pages * 4096, create: true, allowBuffered: true);
        using DevicePrivateRegion region = DevicePrivateRegion.Create((ulong)pages * 4096, store, 16 * 4096, new() { Pager = pager });
        Console.WriteLine($"pagers {region.Control.PagerId}");
        Random random = new((int)given.Number("seed", 1));
        for (long number = 1; ; number++)
        {
            int page = random.Next(pages);
            region.Span<long>((ulong)page * 4096, 512).Fill(number);
            region.Persist((ulong)page * 4096, 4096);
            Console.WriteLine($"durable {page} {number}");
        }
    }
}
