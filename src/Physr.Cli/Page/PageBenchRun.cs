// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Paging;

namespace Physr.Cli.Page;

/// <summary>A bench over a region: threads touch its pages for a time, and look at all of them again at the end.</summary>
/// <param name="region">The region.</param>
/// <param name="host">Who serves it.</param>
/// <param name="options">What was asked.</param>
/// <param name="isBlank">Whether the store holds zeros.</param>
/// <param name="watch">Is told how it stands; null: nobody watches.</param>
internal sealed class PageBenchRun(DevicePrivateRegion region, PagerHost host, PageBenchOptions options, bool isBlank, Action<PageBenchMoment>? watch)
{
    private const int TickMilliseconds = 250;

    private readonly PageBenchWorker[] _workers = [.. Enumerable.Range(0, options.Threads).Select(index => new PageBenchWorker(region, options, index, isBlank))];
    private readonly Lock _lock = new();
    private string _failure = "";
    private long _lastLook = Stopwatch.GetTimestamp();
    private long _lastFaults;
    private AccessTimes _lastTimes = new();

    /// <summary>Does it. Cancelled, it ends early and looks all the same.</summary>
    public PageBenchResult Execute(CancellationToken cancellation)
    {
        long threshold = _workers[0].Calibrate();
        RegionStatistics before = region.Statistics;
        (int collections, int restarts) = (GC.CollectionCount(0), host.Restarts);
        _lastFaults = FaultsOf(before);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        PagerKiller killer = new(host, options.KillMilliseconds);
        Thread? killing = options.KillMilliseconds > 0 ? Start("pager killer", () => killer.Run(stop.Token), stop) : null;

        long start = Stopwatch.GetTimestamp();
        stop.CancelAfter(TimeSpan.FromSeconds(options.Seconds));
        Await(worker => worker.Run(threshold, stop.Token), stop, () => Look(isChecking: false, Stopwatch.GetElapsedTime(start).TotalSeconds / options.Seconds));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        killing?.Join();
        killer.AwaitSuccessor(region);
        RegionStatistics after = region.Statistics;
        collections = GC.CollectionCount(0) - collections;

        if (_failure.Length == 0)
        {
            double touched = _workers.Sum(static worker => worker.Touched);
            Await(static worker => worker.Check(), stop, () => Look(isChecking: true, _workers.Sum(static worker => worker.Checked) / touched));
        }

        return new()
        {
            Failure = _failure,
            Seconds = seconds,
            Accesses = _workers.Sum(static worker => worker.Accesses),
            Writes = _workers.Sum(static worker => worker.Writes),
            Faults = FaultsOf(after) - FaultsOf(before),
            Evictions = after.Evictions - before.Evictions,
            BytesIn = after.BytesIn - before.BytesIn,
            BytesOut = after.BytesOut - before.BytesOut,
            Times = AccessTimes.Of(_workers.Select(static worker => worker.Times)),
            ThresholdMicroseconds = AccessTimes.Microseconds(threshold),
            GcCount = collections,
            Kills = killer.Kills,
            PagerRestarts = host.Restarts - restarts,
            Checked = _workers.Sum(static worker => worker.Checked),
            Wrong = _workers.Sum(static worker => worker.Wrong),
            Findings = _failure.Length == 0 ? [.. _workers.SelectMany(static worker => worker.Findings)] : [],
        };
    }

    private static long FaultsOf(RegionStatistics statistics) => statistics.Faults + statistics.LeaseFills;

    private void Await(Action<PageBenchWorker> phase, CancellationTokenSource stop, Action tick)
    {
        Thread[] threads = [.. _workers.Select((worker, index) => Start($"bench {index}", () => phase(worker), stop))];
        foreach (Thread thread in threads)
        {
            while (!thread.Join(TickMilliseconds))
            {
                tick();
                if (region.Health == RegionHealth.Failed)
                {
                    // Threads that wait for pages wait for ever; they end with the process.
                    Fail("the pager is gone, and no other could be started", stop);
                    return;
                }
            }
        }
    }

    private Thread Start(string name, Action work, CancellationTokenSource stop)
    {
        Thread thread = new(() => Guard(work, stop)) { Name = name, IsBackground = true };
        thread.Start();
        return thread;
    }

    private void Guard(Action work, CancellationTokenSource stop)
    {
        try
        {
            work();
        }
#pragma warning disable CA1031 // An exception on a thread would end the process: the bench tells it instead.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Fail(failure is PhysrException ? failure.Message : $"{failure.GetType().Name}: {failure.Message}", stop);
        }
    }

    private void Fail(string message, CancellationTokenSource stop)
    {
        lock (_lock)
        {
            if (_failure.Length != 0)
            {
                return;
            }

            _failure = message;
        }

        stop.Cancel();
    }

    private void Look(bool isChecking, double done)
    {
        if (watch is null)
        {
            return;
        }

        RegionStatistics now = region.Statistics;
        AccessTimes times = AccessTimes.Of(_workers.Select(static worker => worker.Times));
        double seconds = Stopwatch.GetElapsedTime(_lastLook).TotalSeconds;
        watch(new(isChecking, Math.Clamp(done, 0, 1), (FaultsOf(now) - _lastFaults) / seconds, times.Since(_lastTimes), region.ResidentBytes, now.Evictions, host.Restarts));
        (_lastLook, _lastFaults, _lastTimes) = (Stopwatch.GetTimestamp(), FaultsOf(now), times);
    }
}
