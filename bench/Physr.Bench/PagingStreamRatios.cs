// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Physr.Paging;
using Physr.Paging.Stores;

namespace Physr.Bench;

/// <summary>Memory that is read from end to end: by touch, and through leases with what follows asked for ahead; beside a copy of as many bytes between memory that is there.</summary>
// SAFETY: buffers are as long as the region; leases hold what is read through them.
internal static unsafe class PagingStreamRatios
{
    private const int Rounds = 5;
    private const int Bytes = 64 << 20;
    private const int Piece = 2 << 20;

    public static void Run(RatioTable table, PagerHost pager, PagingFloor floor)
    {
        const int pages = Bytes / PagingRig.PageBytes;
        using PagingRig rig = PagingRig.Create(pager, RegionStore.Memory(Bytes), pages, 2 * pages);
        byte* from = (byte*)NativeMemory.AlignedAlloc(Bytes, PagingRig.PageBytes);
        byte* to = (byte*)NativeMemory.AlignedAlloc(Bytes, PagingRig.PageBytes);
        NativeMemory.Fill(from, Bytes, 1);
        NativeMemory.Fill(to, Bytes, 1);
        PagingSamples figures = new();
        for (int round = 0; round <= Rounds; round++)
        {
            PagingSamples kept = round == 0 ? new() : figures; // the first round warms up
            kept.Add("copy", Time(() => NativeMemory.Copy(from, to, Bytes)));
            kept.Add("scan", Time(() => Sum(rig.Region.Pointer, Bytes)));
            rig.Empty();
            kept.Add("lease", Time(() => SumLeased(rig.Region)));
            rig.Empty();
            kept.Add("C", floor.Fill());
        }

        NativeMemory.AlignedFree(from);
        NativeMemory.AlignedFree(to);
        table.Rate("64 MiB read by touch / NativeMemory.Copy", figures["scan"], figures["copy"], 0.5, "≥ 0.5");
        table.Rate("64 MiB read through leases of 2 MiB, the next asked for / NativeMemory.Copy", figures["lease"], figures["copy"], 0.7, "≥ 0.7");
        table.Rate("same / C, one process copies ahead, another reads, no fault", figures["lease"], figures["C stream"], 0, "");
        table.Note("C, UFFDIO_COPY of 2 MiB at once, and then read, no fault", figures["C copy-read"], "GB/s");
        table.Note("C, UFFDIO_COPY of 2 MiB at once, not read", figures["C copy"], "GB/s");
        table.Note("C, pwrite and UFFDIO_CONTINUE of 2 MiB, not read", figures["C continue"], "GB/s");
        table.Note("C, UFFDIO_MOVE of 2 MiB of small pages, anonymous memory of one process", figures["C move"], "GB/s");
        table.Note("C, UFFDIO_MOVE of a large page, the same", figures["C move-huge"], "GB/s");
        table.Note("C, memcpy", figures["C plain"], "GB/s");
    }

    private static double Time(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Bytes / Stopwatch.GetElapsedTime(start).TotalNanoseconds;
    }

    private static void SumLeased(DevicePrivateRegion region)
    {
        for (int at = 0; at < Bytes; at += Piece)
        {
            if (at + Piece < Bytes)
            {
                region.Prefetch((ulong)(at + Piece), Piece);
            }

            using ResidencyLease lease = region.Acquire((ulong)at, Piece, LeaseAccess.Read);
            fixed (byte* piece = lease.Span)
            {
                Sum(piece, Piece);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static ulong Sum(byte* bytes, int count)
    {
        Vector<ulong> sum = default;
        for (int at = 0; at < count; at += Vector<byte>.Count)
        {
            sum += Unsafe.ReadUnaligned<Vector<ulong>>(bytes + at);
        }

        return Vector.Sum(sum);
    }
}
