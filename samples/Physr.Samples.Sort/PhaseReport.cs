// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Paging;

namespace Physr.Samples.Sort;

/// <summary>Says what a phase did.</summary>
internal static class PhaseReport
{
    private const double MiB = 1 << 20;

    /// <summary>The columns' names.</summary>
    public static void WriteHead() => Console.WriteLine($"{"",-8} {"seconds",9} {"faults",10} {"evictions",10} {"MiB in",9} {"MiB out",9} {"GCs",5}");

    /// <summary>Runs a phase and writes its line.</summary>
    public static T Run<T>(DevicePrivateRegion region, string name, Func<T> phase)
    {
        RegionStatistics before = region.Statistics;
        int collections = GC.CollectionCount(0);
        long start = Stopwatch.GetTimestamp();
        T result = phase();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        RegionStatistics after = region.Statistics;
        Console.WriteLine(
            $"{name,-8} {seconds,9:0.0} {after.Faults + after.LeaseFills - before.Faults - before.LeaseFills,10} {after.Evictions - before.Evictions,10} {(after.BytesIn - before.BytesIn) / MiB,9:0} {(after.BytesOut - before.BytesOut) / MiB,9:0} {GC.CollectionCount(0) - collections,5}");
        return result;
    }
}
