// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using System.Runtime.CompilerServices;
using Physr.Linux.Processes;
using Physr.Paging;
using Physr.Paging.Stores;

namespace Physr.Bench;

/// <summary>A region whose store has a number in each page, and threads that touch it.</summary>
// SAFETY: addresses are those of pages below the region's length; the region lives as long as the rig.
internal sealed unsafe class PagingRig : IDisposable
{
    public const int PageBytes = 4096;
    private const int PiecePages = 512;
    private const int Warm = 256;

    private readonly int _pages;
    private readonly ulong[] _written;

    private PagingRig(DevicePrivateRegion region, int pages)
    {
        Region = region;
        _pages = pages;
        _written = new ulong[pages];
    }

    public DevicePrivateRegion Region { get; }

    /// <summary>Makes a region and fills its store.</summary>
    public static PagingRig Create(PagerHost pager, RegionStore store, int pages, int budget)
    {
        PagingRig rig = new(DevicePrivateRegion.Create((ulong)pages * PageBytes, store, (ulong)budget * PageBytes, new() { Pager = pager, Mode = RegionMode.Faults }), pages);
        int piece = Math.Min(PiecePages, Math.Max(budget / 2, 1));
        for (int page = 0; page < pages; page += piece)
        {
            int count = Math.Min(piece, pages - page);
            using ResidencyLease lease = rig.Region.Acquire((ulong)page * PageBytes, (ulong)count * PageBytes, LeaseAccess.Write);
            for (int index = 0; index < count; index++)
            {
                *(ulong*)rig.At(page + index) = (ulong)(page + index);
            }
        }

        rig.Empty();
        return rig;
    }

    /// <summary>Takes all pages out.</summary>
    public void Empty()
    {
        for (int tries = 0; Region.ResidentBytes != 0; tries++)
        {
            Region.Evict(0, Region.Length);
            if (tries == 100)
            {
                throw new InvalidOperationException($"{Region.ResidentBytes} bytes stay.");
            }
        }
    }

    /// <summary>Reads pages that are not there in random order, each thread its own, on a processor of its own: nanoseconds of each touch, sorted.</summary>
    public double[] Read(int threads, int touches, int seed)
    {
        int share = _pages / threads;
        return Sorted(threads, thread => ReadShare(thread * share, share, touches, new(seed + (thread * 1000))));
    }

    /// <summary>The same of two regions, a thread each.</summary>
    public static double[] Read(PagingRig first, PagingRig second, int touches, int seed) =>
        Sorted(2, thread => thread == 0 ? first.ReadShare(0, first._pages, touches, new(seed)) : second.ReadShare(0, second._pages, touches, new(seed + 1000)));

    /// <summary>Writes to random pages: nanoseconds for each write.</summary>
    public double Write(int warm, int writes, int seed)
    {
        double time = 0;
        Together(1, _ => time = WriteRandom(warm, writes, new(seed)));
        return time / writes;
    }

    /// <summary>Writes to pages that are there, each once: nanoseconds for each.</summary>
    public double WriteEach(int pages)
    {
        double time = 0;
        Together(1, _ =>
        {
            long start = Stopwatch.GetTimestamp();
            for (int page = 0; page < pages; page++)
            {
                *(ulong*)(At(page) + 16) = 1;
            }

            time = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        });
        return time / pages;
    }

    /// <summary>Random reads from many threads, none of them pinned: nanoseconds from the first to the last for each.</summary>
    public double ReadFrom(int threads, int touches, int seed)
    {
        int share = _pages / threads;
        long[] ends = new long[threads];
        long start = 0;
        using Barrier barrier = new(threads, _ => start = Stopwatch.GetTimestamp());
        Together(
            threads,
            thread =>
            {
                int[] order = Order(share, new(seed + (thread * 1000)));
                barrier.SignalAndWait();
                for (int index = 0; index < touches; index++)
                {
                    Check((thread * share) + order[index]);
                }

                ends[thread] = Stopwatch.GetTimestamp();
            },
            isPinned: false);
        return Stopwatch.GetElapsedTime(start, ends.Max()).TotalNanoseconds / ((long)touches * threads);
    }

    /// <inheritdoc/>
    public void Dispose() => Region.Dispose();

    private static double[] Sorted(int threads, Func<int, double[]> read)
    {
        double[][] samples = new double[threads][];
        Together(threads, thread => samples[thread] = read(thread));
        return [.. samples.SelectMany(static each => each).Order()];
    }

    private static void Together(int threads, Action<int> work, bool isPinned = true)
    {
        Thread[] all = new Thread[threads];
        for (int index = 0; index < threads; index++)
        {
            int thread = index;
            all[index] = new(() =>
            {
                if (isPinned)
                {
                    _ = CpuAffinity.TryPin(0, thread % Environment.ProcessorCount);
                }

                work(thread);
            });
            all[index].Start();
        }

        foreach (Thread thread in all)
        {
            thread.Join();
        }
    }

    private static int[] Order(int pages, Random random)
    {
        int[] order = [.. Enumerable.Range(0, pages)];
        random.Shuffle(order);
        return order;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double[] ReadShare(int first, int share, int touches, Random random)
    {
        int[] order = Order(share, random);
        double[] samples = new double[touches];
        for (int index = 0; index < Warm; index++)
        {
            Check(first + order[index]);
        }

        for (int index = 0; index < touches; index++)
        {
            int page = first + order[Warm + index];
            long start = Stopwatch.GetTimestamp();
            ulong value = *(ulong*)At(page);
            long end = Stopwatch.GetTimestamp();
            samples[index] = (end - start) * (1e9 / Stopwatch.Frequency);
            if (value != (ulong)page)
            {
                throw new InvalidOperationException($"Page {page} has the bytes of {value}.");
            }
        }

        return samples;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double WriteRandom(int warm, int writes, Random random)
    {
        long start = 0;
        for (int index = -warm; index < writes; index++)
        {
            if (index == 0)
            {
                start = Stopwatch.GetTimestamp();
            }

            int page = random.Next(_pages);
            ulong old = Interlocked.Exchange(ref *((ulong*)At(page) + 1), _written[page] + 1);
            if (old != _written[page]++)
            {
                throw new InvalidOperationException($"Page {page} lost a write.");
            }
        }

        return Stopwatch.GetElapsedTime(start).TotalNanoseconds;
    }

    private void Check(int page)
    {
        if (*(ulong*)At(page) != (ulong)page)
        {
            throw new InvalidOperationException($"Page {page} has the bytes of {*(ulong*)At(page)}.");
        }
    }

    private byte* At(int page) => Region.Pointer + ((long)page * PageBytes);
}
