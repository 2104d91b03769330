// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Dma.Iommu;
using Physr.Dma.PageTables;

namespace Physr.Bench;

/// <summary>IO page tables in x86-64 format against one in C, compiled and run here: maps, unmaps and walks.</summary>
internal static class PageTableRatios
{
    private const int Rounds = 40;
    private const ulong Odd = 0x10_0000_1000; // in step with no leaf larger than a page

    public static void Run(RatioTable table)
    {
        using PageTableRival? rival = PageTableRival.TryMake(out string why);
        if (rival is null)
        {
            table.Skip("IO page tables", why);
            return;
        }

        RunSteady(table, rival, "page table, 4 KiB pages in runs of 512", new(0, Odd, PageSize.Size2M, PageSize.Size2M, 64), 512, 0.8, 1.5, "page");
        RunSteady(table, rival, "same, across two tables", new(PageSize.Size4K, Odd, PageSize.Size2M, 2 * PageSize.Size2M, 64), 512, 0.8, 1.5, "page");
        RunSteady(table, rival, "256 pages at once", new(0, Odd, 256 * PageSize.Size4K, PageSize.Size2M, 64), 1, 1000, 1000, "call");
        RunSteady(table, rival, "one 4 KiB page", new(0, Odd, PageSize.Size4K, PageSize.Size4K, 4096), 1, 15, double.MaxValue, "call");
        RunSteady(table, rival, "one 2 MiB leaf", new(PageSize.Size1G, PageSize.Size1G, PageSize.Size2M, PageSize.Size2M, 4096), 1, 15, double.MaxValue, "call");
        RunWalks(table, rival, "1 GiB of 4 KiB pages", PageSize.Size1G, Odd, 8);
        RunWalks(table, rival, "8 GiB of 2 MiB leaves", 8 * PageSize.Size1G, 0x10_0000_0000, 8);
        RunFresh(table, rival, "16 GiB, a call for each 4 KiB page", new(0, Odd, PageSize.Size4K, PageSize.Size4K, 4 << 20), 4 << 20, 15e6);
        RunFresh(table, rival, "16 GiB of 4 KiB pages in runs of 512", new(0, Odd, PageSize.Size2M, PageSize.Size2M, 8192), 4 << 20, 15e6);
        RunFresh(table, rival, "16 GiB of 2 MiB leaves, a call for each", new(0, 0x10_0000_0000, PageSize.Size2M, PageSize.Size2M, 8192), 8192, 340e9 / PageSize.Size2M);
    }

    /// <summary>The same maps and unmaps over and over, in one table.</summary>
    private static void RunSteady(RatioTable table, PageTableRival rival, string what, PageTableWork work, int perCall, double mostMap, double mostUnmap, string unit)
    {
        using IoPageTable ours = new(IoPageTableFormat.X86_64);
        IotlbGather gather = new();
        rival.Renew(ours.PageSizes);
        double[] best = [double.MaxValue, double.MaxValue, double.MaxValue, double.MaxValue];
        for (int round = 0; round < Rounds + 120; round++)
        {
            Time(ref best[0], 0, () => work.Map(ours));
            Time(ref best[1], work.Bytes, () => work.Unmap(ours, gather));
            Time(ref best[2], 0, () => rival.Map(work));
            Time(ref best[3], work.Bytes, () => rival.Unmap(work));
            if (round < 120)
            {
                // Through the tiers of the JIT first.
                Thread.Sleep(round is 40 or 80 or 100 or 118 ? 200 : 1);
                Array.Fill(best, double.MaxValue);
            }
        }

        double operations = (double)work.Calls * perCall;
        Limit(table, $"{what}: map, per {unit}", best[0] / operations, mostMap);
        table.Against("same / C", best[0] / operations, best[2] / operations);
        Limit(table, $"{what}: unmap, per {unit}", best[1] / operations, mostUnmap);
        table.Against("same / C", best[1] / operations, best[3] / operations);
    }

    private static void RunWalks(RatioTable table, PageTableRival rival, string what, ulong length, ulong physical, double most)
    {
        using IoPageTable ours = new(IoPageTableFormat.X86_64);
        PageTableWork work = new(0, physical, PageSize.Size2M, PageSize.Size2M, (int)(length / PageSize.Size2M));
        rival.Renew(ours.PageSizes);
        Check(0, work.Map(ours));
        Check(0, rival.Map(work));
        Random random = new(1);
        ulong[] probes = new ulong[65536];
        foreach (ref ulong probe in probes.AsSpan())
        {
            probe = (ulong)random.NextInt64((long)length) & ~1UL;
        }

        Check(rival.Walk(probes), Walk(ours, probes));
        double[] times = RatioTable.TimeInTurn(
            probes.Length,
            () => Walk(ours, probes),
            () => Chain(ours, probes),
            () => Access(ours, probes),
            () => rival.Walk(probes),
            () => rival.Chain(probes));
        table.Limit($"walk at random over {what}", times[0], "ns", most, $"≤ {most} ns");
        table.Against("same / C", times[0], times[3]);
        table.Against("same, each waiting for the last / C", times[1], times[4]);
        table.Note("same, as a device (permission and marks)", times[2], "ns");
    }

    /// <summary>A new table filled once: the pages it is made of are touched for the first time.</summary>
    private static void RunFresh(RatioTable table, PageTableRival rival, string what, PageTableWork work, int leaves, double least)
    {
        double[] best = [double.MaxValue, double.MaxValue];
        for (int round = 0; round < 7; round++)
        {
            using IoPageTable ours = new(IoPageTableFormat.X86_64);
            rival.Renew(ours.PageSizes);
            Time(ref best[0], 0, () => work.Map(ours));
            Time(ref best[1], 0, () => rival.Map(work));
        }

        double rate = leaves / best[0] * 1e9;
        string target = work.Physical == Odd ? $"≥ {least / 1e6:0} M/s" : "≥ 340 GB/s";
        double shown = work.Physical == Odd ? rate / 1e6 : rate * PageSize.Size2M / 1e9;
        string unit = work.Physical == Odd ? "M pages/s" : "GB/s";
        table.AtLeast($"map {what}", shown, unit, work.Physical == Odd ? least / 1e6 : 340, target);
        table.Against("same / C, per leaf", best[0] / leaves, best[1] / leaves);
    }

    private static ulong Walk(IoPageTable table, ulong[] probes)
    {
        ulong sum = 0;
        foreach (ulong probe in probes)
        {
            table.TryTranslate(new(probe), out IommuTranslation found);
            sum += found.Address.Value;
        }

        return sum;
    }

    private static ulong Chain(IoPageTable table, ulong[] probes)
    {
        ulong sum = 0;
        ulong wait = 0;
        foreach (ulong probe in probes)
        {
            table.TryTranslate(new(probe + wait), out IommuTranslation found);
            wait = found.Address.Value & 1;
            sum += found.Address.Value;
        }

        return sum;
    }

    private static ulong Access(IoPageTable table, ulong[] probes)
    {
        ulong sum = 0;
        foreach (ulong probe in probes)
        {
            table.TryAccess(new(probe), isWrite: true, out IommuTranslation found, out _);
            sum += found.Address.Value;
        }

        return sum;
    }

    private static void Time(ref double best, ulong expected, Func<ulong> work)
    {
        long start = Stopwatch.GetTimestamp();
        ulong result = work();
        best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds);
        Check(expected, result);
    }

    private static void Check(ulong expected, ulong result)
    {
        if (expected != result)
        {
            throw new InvalidOperationException($"The work gave {result}, not {expected}.");
        }
    }

    private static void Limit(RatioTable table, string what, double ours, double most)
    {
        if (most == double.MaxValue)
        {
            table.Note(what, ours, "ns");
        }
        else
        {
            table.Limit(what, ours, "ns", most, $"≤ {most} ns");
        }
    }
}
