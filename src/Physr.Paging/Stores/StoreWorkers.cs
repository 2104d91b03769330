// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Stores;

/// <summary>Threads that make a store's calls, and a time limit: a call that takes longer fails, its thread is left to it, and another takes its place.</summary>
/// <remarks>The limit counts from when a call is handed in. A thread that hangs cannot be ended; when too many hang the store fails every further call at once.</remarks>
internal sealed class StoreWorkers : IDisposable
{
    /// <summary>Threads that make calls.</summary>
    public const int Threads = 8;

    /// <summary>Threads that may hang.</summary>
    public const int MostHanging = 64;

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _work = new(0);
    private readonly AutoResetEvent _watch = new(false);
    private readonly Queue<StoreRequest> _queue = new();
    private readonly List<StoreRequest> _underWay = [];
    private readonly IStoreCalls _calls;
    private readonly string _name;
    private readonly int _limitMs;
    private int _threads;
    private int _idle;
    private int _hanging;
    private bool _isEnding;

    /// <summary>Makes threads as they are needed.</summary>
    /// <param name="calls">The store.</param>
    /// <param name="name">Its name, for messages.</param>
    /// <param name="limitMs">How long a call may take.</param>
    public StoreWorkers(IStoreCalls calls, string name, int limitMs)
    {
        (_calls, _name, _limitMs) = (calls, name, limitMs);
        Start(Watch, "physr store watch");
    }

    /// <summary>Calls that hang.</summary>
    public int Hanging => Volatile.Read(ref _hanging);

    /// <summary>Makes a lane of calls.</summary>
    public Errno TryCreateLane(int depth, int runPages, out IStoreLane? lane, out string reason)
    {
        Errno errno = WorkerLane.TryCreate(this, _calls, depth, runPages, out WorkerLane? made);
        (lane, reason) = (made, errno == Errno.None ? "" : $"{_name}: no event counter for a lane ({errno})");
        return errno;
    }

    /// <summary>Hands in a call.</summary>
    /// <returns>False when too many calls hang, and after <see cref="Dispose"/>: nothing comes of it.</returns>
    public bool TryHandIn(StoreRequest request)
    {
        bool isFirst, isShort;
        lock (_lock)
        {
            if (_isEnding || _hanging >= MostHanging)
            {
                return false;
            }

            request.State = StoreRequestState.Queued;
            request.Deadline = Environment.TickCount64 + _limitMs;
            request.Place = _underWay.Count;
            isFirst = request.Place == 0;
            _underWay.Add(request);
            _queue.Enqueue(request);
            isShort = _queue.Count > _idle && _threads < Threads;
            _threads += isShort ? 1 : 0;
        }

        _work.Release();
        if (isShort)
        {
            Start(Work, "physr store");
        }

        if (isFirst)
        {
            _watch.Set();
        }

        return true;
    }

    /// <summary>Ends the threads that do not hang. Nobody waits for a call then.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isEnding = true;
        }

        _work.Release(Threads + MostHanging + 1);
        _watch.Set();
    }

    private static void Start(ThreadStart work, string name) => new Thread(work, 256 << 10) { IsBackground = true, Name = name }.Start();

    private void Work()
    {
        while (true)
        {
            StoreRequest? request;
            lock (_lock)
            {
                _idle++;
            }

            _work.Wait();
            lock (_lock)
            {
                _idle--;
                if (!_queue.TryDequeue(out request) && _isEnding)
                {
                    return;
                }

                if (request?.State != StoreRequestState.Queued)
                {
                    // It timed out before anybody could begin: nobody has it any more.
                    request?.Free();
                    continue;
                }

                request.State = StoreRequestState.Running;
            }

            request.Errno = _calls.Call(request.Call, request.Offset, request.Memory, request.Length, out string reason);
            bool isInTime;
            lock (_lock)
            {
                isInTime = request.State == StoreRequestState.Running;
                if (isInTime)
                {
                    request.State = StoreRequestState.Ended;
                    Remove(request);
                }
                else
                {
                    _hanging--;
                }
            }

            if (!isInTime)
            {
                // Another thread took this one's place.
                request.Free();
                return;
            }

            if (request.Errno != Errno.None)
            {
                _calls.Failed(request.Errno, reason);
            }

            request.Owner.End(request, isTimedOut: false);
        }
    }

    private void Watch()
    {
        List<StoreRequest> late = [];
        int wait = Timeout.Infinite;
        while (true)
        {
            _watch.WaitOne(wait);
            int hung = 0;
            lock (_lock)
            {
                if (_isEnding)
                {
                    return;
                }

                long now = Environment.TickCount64, next = long.MaxValue;
                for (int index = _underWay.Count - 1; index >= 0; index--)
                {
                    StoreRequest request = _underWay[index];
                    if (request.Deadline > now)
                    {
                        next = Math.Min(next, request.Deadline);
                        continue;
                    }

                    hung += request.State == StoreRequestState.Running ? 1 : 0;
                    request.State = StoreRequestState.TimedOut;
                    Remove(request);
                    late.Add(request);
                }

                _hanging += hung;
                wait = next == long.MaxValue ? Timeout.Infinite : (int)Math.Max(next - now, 1);
            }

            for (; hung > 0; hung--)
            {
                Start(Work, "physr store");
            }

            foreach (StoreRequest request in late)
            {
                _calls.Failed(Errno.ETIMEDOUT, $"a {request.Call} of {request.Length} bytes at {request.Offset} took longer than {_limitMs} ms");
                request.Owner.End(request, isTimedOut: true);
            }

            late.Clear();
        }
    }

    private void Remove(StoreRequest request)
    {
        StoreRequest last = _underWay[^1];
        (_underWay[request.Place], last.Place) = (last, request.Place);
        _underWay.RemoveAt(_underWay.Count - 1);
    }
}
