// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using System.Runtime.InteropServices;
using Physr.Dma.Mirror;
using Physr.Hmm;
using Physr.Mm;

namespace Physr.Bench;

/// <summary>What process memory costs: migrations beside plain copies of the same bytes, faults, looks of a mirror, pins.</summary>
internal static unsafe class ProcessMemoryRatios
{
    private const ulong MigratedBytes = 64UL << 20;
    private const ulong LargeBytes = PageSize.Size1G;
    private const int Rounds = 15;

    public static void Run(RatioTable table)
    {
        Migrate(table, isHuge: false, 0.5);
        Migrate(table, isHuge: true, 0.9);
        Faults(table);
        Look(table, isHuge: true);
        Look(table, isHuge: false);
    }

    private static void Migrate(RatioTable table, bool isHuge, double least)
    {
        using MigrationRig rig = new(MigratedBytes, isHuge);
        nuint bytes = (nuint)MigratedBytes;
        // SAFETY: two buffers of as many bytes as are copied, freed below.
        byte* from = (byte*)NativeMemory.AlignedAlloc(bytes, (nuint)PageSize.Size2M);
        byte* to = (byte*)NativeMemory.AlignedAlloc(bytes, (nuint)PageSize.Size2M);
        NativeMemory.Fill(from, bytes, 1);
        NativeMemory.Fill(to, bytes, 2);
        nuint piece = (nuint)(isHuge ? PageSize.Size2M : PageSize.Size4K);
        void CopyInPieces()
        {
            for (nuint at = 0; at < bytes; at += piece)
            {
                NativeMemory.Copy(from + at, to + at, piece);
            }
        }

        double[] best = Best(Rounds, rig.ToDevice, rig.ToRam, () => NativeMemory.Copy(from, to, bytes), CopyInPieces);
        NativeMemory.AlignedFree(from);
        NativeMemory.AlignedFree(to);
        double copy = MigratedBytes / best[2];
        double pieces = MigratedBytes / best[3];
        string what = isHuge ? "2 MiB pages" : "4 KiB pages";
        table.Rate($"migrate 64 MiB of {what} to the device", MigratedBytes / best[0], copy, least, $"≥ {least} of `NativeMemory.Copy`");
        table.Rate("same, back to RAM", MigratedBytes / best[1], copy, least, $"≥ {least} of `NativeMemory.Copy`");
        table.Note($"for comparison: `NativeMemory.Copy` of {(isHuge ? "2 MiB" : "4 KiB")} at a time", pieces, "GB/s");
    }

    private static void Faults(RatioTable table)
    {
        const int Pages = 4096;
        using PhysicalMemory memory = PhysicalMemory.Create(128UL << 20, new() { FaultAroundPages = 1, HugePages = HugePagePolicy.Never });
        using SharedMemoryFile file = new(memory, "file", Pages * PageSize.Size4K);
        using AddressSpace space = new(memory, "bench");
        MigrationRig.Must(space.TryMap(new(Pages * PageSize.Size4K, Protection.ReadWrite), out VirtualAddress anonymous));
        MigrationRig.Must(space.TryMap(new(Pages * PageSize.Size4K, Protection.ReadWrite) { File = file, IsShared = true }, out VirtualAddress mapped));
        file.Write(0, new byte[Pages * PageSize.Size4K]);

        double TouchAll(VirtualAddress start, bool isWrite)
        {
            MigrationRig.Must(space.TryAdvise(start, Pages * PageSize.Size4K, MemoryAdvice.DontNeed));
            long began = Stopwatch.GetTimestamp();
            for (ulong page = 0; page < Pages; page++)
            {
                VirtualAddress at = start.Add(page << PageSize.Shift4K);
                AccessOutcome outcome = isWrite ? space.Store(at, page) : space.Load(at, out byte _);
                if (outcome != AccessOutcome.Done)
                {
                    throw new InvalidOperationException($"{outcome}");
                }
            }

            return Stopwatch.GetElapsedTime(began).TotalNanoseconds / Pages;
        }

        double[] best = BestOf(40, () => TouchAll(mapped, isWrite: false), () => TouchAll(anonymous, isWrite: false), () => TouchAll(anonymous, isWrite: true));
        table.Limit("minor fault: a page of a file that is in RAM", best[0], "ns", 300, "< 300 ns");
        table.Limit("same: the page of zeros", best[1], "ns", 300, "< 300 ns");
        table.Limit("same: a fresh page, zeroed", best[2], "ns", 300, "< 300 ns");
    }

    private static void Look(RatioTable table, bool isHuge)
    {
        int pages = (int)(LargeBytes >> PageSize.Shift4K);
        using PhysicalMemory memory = PhysicalMemory.Create(LargeBytes + (128UL << 20), new() { HugePages = isHuge ? HugePagePolicy.Always : HugePagePolicy.Never });
        using AddressSpace space = new(memory, "bench");
        MigrationRig.Must(space.TryMap(new(LargeBytes, Protection.ReadWrite) { Address = new(0x10_0000_0000), IsFixed = true }, out VirtualAddress start));
        MigrationRig.Must(space.TryAdvise(start, LargeBytes, MemoryAdvice.PopulateWrite));
        using Watch watch = new(space, new(start, LargeBytes));
        MirrorFrame[] frames = new MirrorFrame[pages];
        using RangeListBuilder builder = RangeListBuilder.Rent();
        RangeList? pinned = null;
        string size = isHuge ? "2 MiB" : "4 KiB";

        void Fault()
        {
            space.EnterRead();
            MigrationRig.Must(RangeMirror.TryFault(watch, watch.ReadBegin(), start, frames, MirrorRequest.Write));
            space.ExitRead();
        }

        void Pin()
        {
            MigrationRig.Must(space.TryPin(start, LargeBytes, PinFlags.Write | PinFlags.LongTerm, builder));
            pinned = builder.Build();
        }

        double[] best = Best(40, Fault, Pin, () => space.Release(pinned!, isDirty: true));
        if (isHuge)
        {
            table.Limit("range fault of 1 GiB mapped by 2 MiB entries", best[0] / 1000, "µs", 100, "< 100 µs");
        }
        else
        {
            table.Limit("range fault of 1 GiB mapped by 4 KiB entries, a page", best[0] / pages, "ns", 15, "≤ 15 ns");
        }

        table.Limit($"pin of 1 GiB of {size} pages, a 4 KiB page", best[1] / pages, "ns", 20, "≤ 20 ns");
        table.Limit("same, let go", best[2] / pages, "ns", 20, "≤ 20 ns");
        table.Limit("same, entries of its range list", pinned!.EntryCount, "", isHuge ? 256 : 1024, "as few as the memory is contiguous");
    }

    private static double[] Best(int rounds, params Action[] works) => BestOf(rounds, [.. works.Select(static work => (Func<double>)(() =>
    {
        long began = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(began).TotalNanoseconds;
    }))]);

    /// <summary>The pieces in turn, so that what disturbs the machine disturbs them alike; first through the tiers of the JIT.</summary>
    private static double[] BestOf(int rounds, params Func<double>[] works)
    {
        double[] best = new double[works.Length];
        for (int round = -36; round < rounds; round++)
        {
            for (int i = 0; i < works.Length; i++)
            {
                double taken = works[i]();
                best[i] = round <= 0 ? taken : Math.Min(best[i], taken);
            }

            if (round < 0)
            {
                Thread.Sleep(round < -2 ? 1 : 120);
            }
        }

        return best;
    }

    private sealed class Watch(AddressSpace space, AddressRange<VirtualAddress> range) : IntervalNotifier(space, range)
    {
        protected override bool Invalidate(in NotifierRange range) => true;
    }
}
