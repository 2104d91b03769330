// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Waiting;

namespace Physr.Paging.Stores;

/// <summary>A lane whose calls are made by <see cref="StoreWorkers"/>.</summary>
internal sealed class WorkerLane : IStoreLane, IStoreRequester
{
    private readonly Lock _lock = new();
    private readonly StoreWorkers _workers;
    private readonly IStoreCalls _calls;
    private readonly EventCounter _counter;
    private readonly StoreRequest[] _free;
    private readonly StoreRequest[] _queued;
    private readonly Queue<(StoreRequest Request, bool IsTimedOut)> _ended;
    private readonly int _mostBytes;
    private int _freeCount;
    private int _queuedCount;
    private bool _isGone;

    private WorkerLane(StoreWorkers workers, IStoreCalls calls, EventCounter counter, int depth, int mostBytes)
    {
        (_workers, _calls, _counter, _mostBytes) = (workers, calls, counter, mostBytes);
        (_free, _queued, _ended) = (new StoreRequest[depth], new StoreRequest[depth], new(depth));
        for (; _freeCount < depth; _freeCount++)
        {
            _free[_freeCount] = new(this, mostBytes);
        }
    }

    /// <inheritdoc/>
    public SafeFileHandle Handle => _counter.Handle;

    /// <inheritdoc/>
    public int Depth => _free.Length;

    /// <inheritdoc/>
    public int Pending => _free.Length - _freeCount;

    /// <summary>Makes a lane.</summary>
    public static Errno TryCreate(StoreWorkers workers, IStoreCalls calls, int depth, int runPages, out WorkerLane? lane)
    {
        Errno errno = EventCounter.TryCreate(out EventCounter? counter);
        lane = counter is null ? null : new(workers, calls, counter, depth, runPages * PageStore.PageBytes);
        return errno;
    }

    /// <inheritdoc/>
    public Errno TryRead(ulong token, ulong offset, nint destination, nuint length) => TryQueue(StoreCall.Read, token, offset, destination, length);

    /// <inheritdoc/>
    public Errno TryWrite(ulong token, ulong offset, nint source, nuint length) => TryQueue(StoreCall.Write, token, offset, source, length);

    /// <inheritdoc/>
    public Errno Submit()
    {
        for (int index = 0; index < _queuedCount; index++)
        {
            StoreRequest request = _queued[index];
            if (!_workers.TryHandIn(request))
            {
                _calls.Failed(Errno.ETIMEDOUT, $"{StoreWorkers.MostHanging} calls hang: no more are made");
                request.Errno = Errno.ETIMEDOUT;
                End(request, isTimedOut: false);
            }
        }

        _queuedCount = 0;
        return Errno.None;
    }

    /// <inheritdoc/>
    public int Reap(Span<StoreCompletion> completions)
    {
        _ = _counter.Drain();
        int count = 0;
        lock (_lock)
        {
            for (; count < completions.Length && _ended.TryDequeue(out (StoreRequest Request, bool IsTimedOut) end); count++)
            {
                StoreRequest request = end.Request;
                completions[count] = new(request.Token, end.IsTimedOut ? Errno.ETIMEDOUT : request.Errno);
                if (end.IsTimedOut)
                {
                    // The worker may still write to that one's memory.
                    request = new(this, _mostBytes);
                }
                else
                {
                    request.Deliver();
                }

                _free[_freeCount++] = request;
            }

            if (_ended.Count != 0)
            {
                _counter.Signal();
            }
        }

        return count;
    }

    /// <inheritdoc/>
    public void End(StoreRequest request, bool isTimedOut)
    {
        lock (_lock)
        {
            if (!_isGone)
            {
                _ended.Enqueue((request, isTimedOut));
                _counter.Signal();
            }
            else if (!isTimedOut)
            {
                request.Free();
            }
        }
    }

    /// <summary>Lets go of the lane. Calls under way end without it, in memory of their own, which is then theirs.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isGone = true;
            StoreRequest[] mine = [.. _free.AsSpan(0, _freeCount), .. _queued.AsSpan(0, _queuedCount), .. _ended.Where(static end => !end.IsTimedOut).Select(static end => end.Request)];
            Array.ForEach(mine, static request => request.Free());
            (_freeCount, _queuedCount) = (0, 0);
            _ended.Clear();
            _counter.Dispose();
        }
    }

    private Errno TryQueue(StoreCall call, ulong token, ulong offset, nint address, nuint length)
    {
        if (length == 0 || length > (nuint)_mostBytes || (offset | length) % PageStore.PageBytes != 0)
        {
            return Errno.EINVAL;
        }

        if (_freeCount == 0)
        {
            return Errno.EAGAIN;
        }

        StoreRequest request = _free[--_freeCount];
        request.Set(call, token, offset, address, length);
        _queued[_queuedCount++] = request;
        return Errno.None;
    }
}
