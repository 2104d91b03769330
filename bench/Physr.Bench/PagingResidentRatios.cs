// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Linux.Memory;
using Physr.Paging;
using Physr.Paging.Stores;

namespace Physr.Bench;

/// <summary>Memory of a region that is there: what it costs to hold it, and to read it, beside plain memory in small pages.</summary>
// SAFETY: indices are below the number of words of both.
internal static unsafe class PagingResidentRatios
{
    private const int Bytes = 16 << 20;
    private const int Loops = 1 << 17;

    public static void Run(RatioTable table, PagerHost pager)
    {
        using PagingRig rig = PagingRig.Create(pager, RegionStore.Memory(Bytes), Bytes / PagingRig.PageBytes, 2 * Bytes / PagingRig.PageBytes);
        Errno errno = Mapping.TryMapAnonymous(Bytes, hugeAligned: false, out Mapping? plain, out string why);
        if (errno != Errno.None)
        {
            table.Skip("resident memory", why);
            return;
        }

        using (plain)
        {
            _ = plain!.Advise(plain.Address, Bytes, MemoryAdvice.NoHugePage);
            new Span<byte>((void*)plain.Address, Bytes).Fill(1);
            DevicePrivateRegion region = rig.Region;
            region.Acquire(0, Bytes, LeaseAccess.Write).Dispose();
            ulong* ours = (ulong*)region.Pointer, theirs = (ulong*)plain.Address;
            double[] times = RatioTable.TimeInTurn(
                Loops,
                () => Hold(region, LeaseAccess.Read),
                () => Hold(region, LeaseAccess.Write),
                () => Sum(ours),
                () => Sum(theirs),
                () => Follow(ours),
                () => Follow(theirs));
            table.Limit("lease of a page that is there, for reading: acquire and release", times[0], "ns", 60, "< 60 ns");
            table.Limit("same, for writing", times[1], "ns", 60, "< 60 ns");
            table.Against("reading words that are there, in order / plain memory", times[2], times[3]);
            table.Against("same, at random / plain memory", times[4], times[5]);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Hold(DevicePrivateRegion region, LeaseAccess access)
    {
        for (int index = 0; index < Loops; index++)
        {
            using ResidencyLease lease = region.Acquire((ulong)(index & 4095) * PagingRig.PageBytes, PagingRig.PageBytes, access);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static ulong Sum(ulong* words)
    {
        ulong sum = 0;
        for (int index = 0; index < Loops; index++)
        {
            sum += words[index];
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static ulong Follow(ulong* words)
    {
        ulong sum = 0;
        uint at = 1;
        for (int index = 0; index < Loops; index++)
        {
            at = (at * 1664525) + 1013904223;
            sum += words[at % (Bytes / sizeof(ulong))];
        }

        return sum;
    }
}
