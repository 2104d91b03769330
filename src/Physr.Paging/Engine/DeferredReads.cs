// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Memory;
using Physr.Paging.Stores;

namespace Physr.Paging.Engine;

/// <summary>Calls of one thread to one region's store that answer later, so that a slow store keeps nobody waiting but those who need its pages.</summary>
internal sealed class DeferredReads : IDisposable
{
    /// <summary>Calls under way at once.</summary>
    public const int Depth = 64;

    private const int PageBytes = Control.ControlLayout.PageBytes;
    private const int MostWaiting = 4096;

    private readonly IStoreLane _lane;
    private readonly Mapping _buffers;
    private readonly int _runPages;
    private readonly Read[] _reads = new Read[Depth];
    private readonly int[] _free = new int[Depth];
    private readonly StoreCompletion[] _completions = new StoreCompletion[Depth];
    private readonly Queue<Read> _waiting = new(MostWaiting);
    private int _freeCount;
    private bool _isQueued;

    private DeferredReads(IStoreLane lane, Mapping buffers, int runPages)
    {
        _lane = lane;
        _buffers = buffers;
        _runPages = runPages;
        for (; _freeCount < Depth; _freeCount++)
        {
            _free[_freeCount] = _freeCount;
        }
    }

    /// <summary>Readable while calls have ended.</summary>
    public SafeFileHandle Handle => _lane.Handle;

    /// <summary>Whether pages wait for room or for a call to end.</summary>
    public bool HasWaiting => _waiting.Count != 0;

    /// <summary>Makes a thread's way to a store that may take long.</summary>
    public static Errno TryCreate(PageStore store, out DeferredReads? reads, out string reason)
    {
        reads = null;
        Errno errno = store.TryCreateLane(Depth, out IStoreLane? lane, out reason);
        if (lane is null)
        {
            return errno;
        }

        int runPages = Math.Min(store.RunPages, FaultLane.MostVictims);
        errno = Mapping.TryMapAnonymous((nuint)(Depth * runPages * PageBytes), hugeAligned: false, out Mapping? buffers, out reason);
        if (buffers is null)
        {
            lane.Dispose();
            return errno;
        }

        reads = new(lane, buffers, runPages);
        return Errno.None;
    }

    /// <summary>Begins to fill owned pages, now or once there is room for them.</summary>
    /// <returns>-1: they come later.</returns>
    public int Begin(RegionEngine region, ulong page, int count, bool isWritable, FaultKind kind, FaultLane lane)
    {
        int run = Math.Min(count, _runPages);
        region.LetGoOf(page + (ulong)run, count - run, lane);
        Read read = new(page, run, isWritable, kind, System.Diagnostics.Stopwatch.GetTimestamp());
        if (_waiting.Count != 0 || !TryStart(region, read, hasWaited: false, lane))
        {
            _waiting.Enqueue(read);
            region.WaitForRoom();
        }

        return -1;
    }

    /// <summary>Starts what was queued. To be called before this thread sleeps.</summary>
    public void Submit()
    {
        if (_isQueued)
        {
            _isQueued = _lane.Submit() != Errno.None;
        }
    }

    /// <summary>Collects calls that ended, publishes their pages, and begins with those that waited.</summary>
    public void Complete(RegionEngine region, FaultLane lane)
    {
        int count = _lane.Reap(_completions);
        for (int index = 0; index < count; index++)
        {
            int slot = (int)_completions[index].Token;
            Read read = _reads[slot];
            region.CompleteRead(read.Page, read.Count, read.IsWritable, read.Kind, read.Start, Buffer(slot), _completions[index].Errno, lane);
            _free[_freeCount++] = slot;
        }

        StartWaiting(region, lane);
    }

    /// <summary>Begins with pages that waited for room.</summary>
    public void StartWaiting(RegionEngine region, FaultLane lane)
    {
        while (_waiting.TryPeek(out Read read) && TryStart(region, read, hasWaited: true, lane))
        {
            _waiting.Dequeue();
        }

        // Pages of leases that there was no room for: they are this region's, and this thread may serve another one next.
        region.ServePending(lane);
        Submit();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _lane.Dispose();
        _buffers.Dispose();
    }

    private bool TryStart(RegionEngine region, in Read read, bool hasWaited, FaultLane lane)
    {
        if (_freeCount == 0)
        {
            return false;
        }

        int granted = region.TakeRoom(read.Page, read.Count, read.Kind, hasWaited, lane);
        if (granted <= 0)
        {
            return granted < 0;
        }

        region.LetGoOf(read.Page + (ulong)granted, read.Count - granted, lane);
        int slot = _free[_freeCount - 1];
        Errno errno = _lane.TryRead((ulong)slot, read.Page << Control.ControlLayout.PageShift, Buffer(slot), (nuint)granted * PageBytes);
        if (errno == Errno.None)
        {
            _freeCount--;
            _reads[slot] = read with { Count = granted };
            _isQueued = true;
        }
        else
        {
            region.CompleteRead(read.Page, granted, read.IsWritable, read.Kind, read.Start, Buffer(slot), errno, lane);
        }

        return true;
    }

    private nint Buffer(int slot) => _buffers.Address + (slot * _runPages * PageBytes);

    private readonly record struct Read(ulong Page, int Count, bool IsWritable, FaultKind Kind, long Start);
}
