// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;

namespace Physr.Bench;

/// <summary>The page-less route (drive to controller memory buffer to drive, over the simulated fabric) against two plain copies of the same bytes on the same buffers.</summary>
internal static class PageLessRatios
{
    private const int Depth = 8;

    /// <summary>A transfer that the caches hold, and one that they do not.</summary>
    private static readonly (string Name, ulong Length)[] Sets = [("4 MiB, cached", 4 << 20), ("256 MiB, cold", 256 << 20)];

    public static void Run(RatioTable table)
    {
        WarmUp();
        foreach ((string name, ulong length) in Sets)
        {
            foreach (uint chunk in (uint[])[64 << 10, 256 << 10, 1 << 20])
            {
                using PageLessRig rig = new(length, chunk, Math.Min(Depth, (int)(length / chunk)));
                double[] times = RatioTable.TimeInTurn(1, rig.Move, rig.CopyTwice);
                long before = GC.GetAllocatedBytesForCurrentThread();
                ulong events = rig.Events;
                rig.Move();
                long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                double perChunk = (double)(rig.Events - events) / (length / chunk);
                table.Rate($"page-less, {name}, {chunk >> 10} KiB chunks / NativeMemory.Copy twice", length / times[0], length / times[1], 0.5, "≥ 0.5");
                table.Limit($"same, allocated in a transfer of {length / chunk} chunks ({perChunk:0.0} events a chunk)", allocated, "B", 0, "0 B");
            }
        }
    }

    /// <summary>Lets the JIT reach its last tier for all that a transfer runs, which takes many more calls than one transfer makes.</summary>
    private static void WarmUp()
    {
        using PageLessRig rig = new(4 << 20, 64 << 10, Depth);
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < 1.5)
        {
            rig.Move();
        }
    }
}
