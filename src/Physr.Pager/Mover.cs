// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Engine;

namespace Physr.Pager;

/// <summary>A thread for what no fault waits for: evicting ahead of need, bringing in what a reader will come to, writing back. There is one for all regions whose stores answer at once, and one for each other.</summary>
internal sealed class Mover : IDisposable
{
    private const int MostRuns = 64;
    private const int LaterMilliseconds = 1;

    /// <summary>Pages that are brought in before others have their turn.</summary>
    private const uint PagesAtOnce = RegionEngine.MostRunPages;

    private readonly PagerService _service;
    private readonly FaultLane _lane;
    private readonly AutoResetEvent _work = new(false);
    private readonly Lock _lock = new();
    private readonly (ServedRegion Region, ulong First, uint Count)[] _runs = new (ServedRegion, ulong, uint)[MostRuns];
    private readonly Queue<Func<FaultLane, bool>> _jobs = [];
    private readonly Queue<Func<FaultLane, bool>> _later = [];
    private readonly Thread _thread;
    private int _runHead;
    private int _runCount;
    private volatile bool _isShort;
    private volatile bool _isStopping;

    private Mover(PagerService service, FaultLane lane, string name)
    {
        _service = service;
        _lane = lane;
        _thread = new(Run, 512 * 1024) { Name = name, IsBackground = true };
        _thread.Start();
    }

    /// <summary>Makes a mover and starts it.</summary>
    /// <param name="service">Whose.</param>
    /// <param name="isWriter">Whether it only takes pages out: it may then wait for a store as long as that takes.</param>
    /// <param name="name">For a human.</param>
    /// <param name="mover">The mover.</param>
    /// <param name="reason">Why there is none.</param>
    public static Errno TryCreate(PagerService service, bool isWriter, string name, out Mover? mover, out string reason)
    {
        Errno errno = FaultLane.TryCreate(isWriter, out FaultLane? lane, out reason);
        mover = lane is null ? null : new(service, lane, name);
        return errno;
    }

    /// <summary>Has it evict pages of regions that run short.</summary>
    public void RunShort(ServedRegion region)
    {
        if (Interlocked.Exchange(ref region.ShortFlag, 1) == 0)
        {
            _isShort = true;
            _work.Set();
        }
    }

    /// <summary>Has it bring in pages; where it has too much to do, that is forgotten.</summary>
    public void BringAhead(ServedRegion region, ulong first, uint count)
    {
        Enqueue(region, first, (uint)Math.Min(count, (ulong)region.Engine.Budget));
        _work.Set();
    }

    private void Enqueue(ServedRegion region, ulong first, uint count)
    {
        lock (_lock)
        {
            if (_runCount != MostRuns)
            {
                _runs[(_runHead + _runCount++) % MostRuns] = (region, first, count);
            }
        }
    }

    /// <summary>Has it do something between.</summary>
    /// <param name="job">Returns whether it is done; if not, it is called again a little later.</param>
    public void Post(Func<FaultLane, bool> job)
    {
        lock (_lock)
        {
            _jobs.Enqueue(job);
        }

        _work.Set();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isStopping = true;
        _work.Set();
        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }
    }

    private void Run()
    {
        while (!_isStopping)
        {
            _work.WaitOne(_later.Count == 0 ? Timeout.Infinite : LaterMilliseconds);
            for (int count = _later.Count; count > 0; count--)
            {
                Do(_later.Dequeue());
            }

            bool isMore = true;
            while (isMore && !_isStopping)
            {
                isMore = EvictShort();
                isMore |= BringNext();
                isMore |= RunJob();
            }
        }

        while (RunJob())
        {
            // Jobs that were posted are done before the end: each has somebody who waits.
        }

        while (_later.TryDequeue(out Func<FaultLane, bool>? job))
        {
            job(_lane);
        }

        _lane.Dispose();
        _work.Dispose();
    }

    private bool EvictShort()
    {
        if (!_isShort)
        {
            return false;
        }

        _isShort = false;
        for (int index = 0; index < _service.RegionPlaces; index++)
        {
            if (_service.Region(index) is { } region && region.Mover == this && Interlocked.Exchange(ref region.ShortFlag, 0) != 0 && region.Engine.TryEnter())
            {
                region.Engine.EvictAhead(_lane);
                region.Engine.Leave();
                _service.RoomMade(region);
            }
        }

        return true;
    }

    private bool BringNext()
    {
        (ServedRegion Region, ulong First, uint Count) run;
        lock (_lock)
        {
            if (_runCount == 0)
            {
                return false;
            }

            run = _runs[_runHead];
            _runs[_runHead] = default;
            _runHead = (_runHead + 1) % MostRuns;
            _runCount--;
        }

        if (run.Region.Engine.TryEnter())
        {
            uint count = Math.Min(run.Count, PagesAtOnce);
            run.Region.Engine.BringAhead(run.First, count, _lane);
            run.Region.Engine.Leave();
            if (count != run.Count)
            {
                Enqueue(run.Region, run.First + count, run.Count - count);
            }
        }

        return true;
    }

    private bool RunJob()
    {
        Func<FaultLane, bool>? job;
        lock (_lock)
        {
            if (!_jobs.TryDequeue(out job))
            {
                return false;
            }
        }

        Do(job);
        return true;
    }

    private void Do(Func<FaultLane, bool> job)
    {
        if (!job(_lane))
        {
            _later.Enqueue(job);
        }
    }
}
