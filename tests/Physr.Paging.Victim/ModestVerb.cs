// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Memory;
using Physr.Paging.Control;
using Physr.Paging.Stores;

namespace Physr.Paging.Victim;

/// <summary>A program that the system lets have little of userfaultfd, or nothing (<c>refuse=1</c>): what works, and what is said of what does not.</summary>
internal static unsafe class ModestVerb
{
    private const ulong Pages = 64;

    public static int Run(Arguments given)
    {
        int result = 0;
        Thread thread = new(() => result = given.Number("refuse") != 0 ? Refused() : UserModeOnly(given));
        thread.Start();
        thread.Join();
        return result;
    }

    private static int Refused()
    {
        if (SystemCallFilter.TryForbidUserfaultfd() is int error and not 0)
        {
            Console.WriteLine($"no filter: {(Errno)error}");
            return 0;
        }

        using RegionStore store = RegionStore.Memory(Pages * 4096);
        Errno errno = DevicePrivateRegion.TryCreate(Pages * 4096, store, 4096, null, out _, out string reason);
        Console.WriteLine($"refused {errno} {reason}");
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Pages * 4096, RegionStore.Memory(Pages * 4096), 8 * 4096, new() { Mode = RegionMode.Auto });
        Console.WriteLine($"auto {region.Mode} {region.ModeReason}");
        for (ulong page = 0; page < Pages; page++)
        {
            using ResidencyLease lease = region.Acquire(page * 4096, 4096, LeaseAccess.Write);
            lease.Span.Fill((byte)(page + 1));
        }

        int right = 0;
        for (ulong page = 0; page < Pages; page++)
        {
            using ResidencyLease lease = region.Acquire(page * 4096, 4096, LeaseAccess.Read);
            right += lease.Span.IndexOfAnyExcept((byte)(page + 1)) < 0 ? 1 : 0;
        }

        Console.WriteLine($"leases {right} of {Pages}");
        return 0;
    }

    private static int UserModeOnly(Arguments given)
    {
        using PagerHost pager = given.Pager();
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Pages * 4096, RegionStore.Memory(Pages * 4096), 8 * 4096, new() { Pager = pager });
        Console.WriteLine($"user mode only {region.IsUserModeOnly}");
        using ShadowWork work = new(region, 1, 1, Touches.Random, 8, 4000);
        work.Start();
        work.Join();
        Console.WriteLine(work.Check() is { } failure ? $"wrong {failure}" : "right");
        _ = region.Evict(0, 4096);
        if (MemoryFile.TryCreate("bytes", 4096, out MemoryFile? file, out _) == Errno.None)
        {
            bool isThere = (region.Control.Word(0) & PageWord.Mapped) != 0;
            Errno without = file!.Read((nint)region.Pointer, 4096, 0);
            using ResidencyLease lease = region.Acquire(0, 4096, LeaseAccess.Write);
            Console.WriteLine($"kernel {(isThere ? "too early" : without)} leased {file.Read((nint)region.Pointer, 4096, 0)}");
            file.Dispose();
        }

        return 0;
    }
}
