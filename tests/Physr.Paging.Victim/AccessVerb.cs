// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Memory;
using Physr.Paging.Control;

namespace Physr.Paging.Victim;

/// <summary>Touches pages that are not there, in every way, while garbage is collected all the time. A line for each way that has come through.</summary>
internal static unsafe class AccessVerb
{
    private const int Pages = 256;
    private const int PageWords = 4096 / sizeof(long);
    private const int Budget = 32;

    public static int Run(Arguments given)
    {
        int touches = (int)given.Number("touches", 200);
        Random random = new((int)given.Number("seed", 1));
        using PagerHost pager = given.Pager();
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Pages * 4096ul, given.Store(Pages * 4096ul), Budget * 4096ul, new() { Pager = pager });
        long* words = (long*)region.Pointer;
        for (int page = 0; page < Pages; page++)
        {
            words[page * PageWords] = page + 1;
        }

        Errno errno = MemoryFile.TryCreate("one page", 4096, out MemoryFile? file, out string reason);
        if (errno != Errno.None)
        {
            throw new PhysrException("make", "file", errno, reason);
        }

        using (file)
        using (CollectionStorm storm = new())
        {
            Dictionary<string, Access.Touch> ways = new(Access.All, StringComparer.Ordinal)
            {
                ["kernel"] = page => Access.Kernel(file!, page),
                ["lease"] = page =>
                {
                    using ResidencyLease lease = region.Acquire((ulong)((byte*)page - region.Pointer), 4096, LeaseAccess.Read);
                    return *page;
                },
            };
            foreach ((string name, Access.Touch touch) in ways)
            {
                int before = storm.Count;
                long absent = 0;
                for (int index = 0; index < touches; index++)
                {
                    int page = random.Next(Pages);
                    absent += (region.Control.Word((ulong)page) & PageWord.Mapped) == 0 ? 1 : 0;
                    long value = touch(words + (page * PageWords));
                    if (value != page + 1)
                    {
                        Console.WriteLine($"wrong {name}: page {page} has {value}");
                        return 1;
                    }
                }

                Console.WriteLine($"ok {name} absent {absent} collections {storm.Count - before}");
            }
        }

        return 0;
    }
}
