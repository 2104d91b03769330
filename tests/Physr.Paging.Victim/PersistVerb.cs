// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Victim;

/// <summary>Writes pages, has them persisted, and says so: <c>FIRST COUNT VERSION</c> once pages of that version are in the file. Ends when it is killed.</summary>
internal static unsafe class PersistVerb
{
    /// <summary>Pages of the region.</summary>
    public const int Pages = 256;

    private const int PageWords = 4096 / sizeof(long);

    public static int Run(Arguments given)
    {
        Random random = new((int)given.Number("seed", 1));
        using PagerHost pager = given.Pager();
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Pages * 4096, given.Store(Pages * 4096), 40 * 4096, new() { Pager = pager });
        Console.WriteLine($"serving {pager.ProcessId}");
        for (long version = 1; ; version++)
        {
            int first = random.Next(Pages);
            int count = Math.Min(random.Next(1, 8), Pages - first);
            for (int page = first; page < first + count; page++)
            {
                long* words = (long*)(region.Pointer + (page * 4096));
                for (int word = 0; word < PageWords; word++)
                {
                    words[word] = version;
                }
            }

            if (random.Next(3) != 0)
            {
                region.Persist((ulong)first * 4096, (ulong)count * 4096);
                Console.WriteLine($"{first} {count} {version}");
            }
        }
    }
}
