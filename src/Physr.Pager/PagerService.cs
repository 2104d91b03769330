// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Collections.Concurrent;
using Physr.Linux.Waiting;
using Physr.Paging.Engine;

namespace Physr.Pager;

/// <summary>A pager at work: handlers that serve faults, movers that make room, and this thread, which hears clients and keeps a successor ready.</summary>
internal sealed partial class PagerService : IRegionHost, IDisposable
{
    /// <summary>The most regions of all clients together.</summary>
    public const int MostRegions = 4096;

    private const ulong ListenerToken = 1;
    private const ulong SuccessorToken = 2;
    private const ulong PostedToken = 3;
    private const ulong FirstClientToken = 16;

    private readonly PagerState _state;
    private readonly IPagerSteps? _steps;
    private readonly ServedRegion?[] _regions = new ServedRegion?[MostRegions];
    private readonly ResidentBudget _budget;
    private readonly Dictionary<(uint Client, uint Region), ServedRegion> _served = [];
    private readonly ConcurrentQueue<Action> _posted = [];
    private FaultHandler[] _handlers = [];
    private EventCounter? _postedBell;
    private Mover? _mover;
    private EventPoll? _poll;
    private int _regionPlaces;
    private uint _ownUser;
    private bool _isDone;

    /// <summary>Takes over what another pager knew, or what the first one was told.</summary>
    public PagerService(PagerState state, IPagerSteps? steps)
    {
        _state = state;
        _steps = steps;
        _budget = new((long)Math.Min(state.BudgetPages, long.MaxValue), whole: null);
    }

    /// <summary>Places of the table that were ever used.</summary>
    public int RegionPlaces => Volatile.Read(ref _regionPlaces);

    /// <summary>The region at a place, if there is one.</summary>
    public ServedRegion? Region(int index) => (uint)index < MostRegions ? Volatile.Read(ref _regions[index]) : null;

    /// <summary>Serves until the last client is gone.</summary>
    /// <returns>0; 1 when it could not begin.</returns>
    public int Run()
    {
        if (TryBegin(out string reason) != Errno.None)
        {
            Console.Error.WriteLine($"physr-pager: {reason}");
            return 1;
        }

        PollEvent[] events = new PollEvent[32];
        while (!_isDone)
        {
            int count = _poll!.Wait(events, -1);
            for (int index = 0; index < count && !_isDone; index++)
            {
                switch (events[index].Token)
                {
                    case ListenerToken:
                        Accept();
                        break;
                    case SuccessorToken:
                        ReplaceSuccessor();
                        break;
                    case PostedToken:
                        RunPosted();
                        break;
                    case ulong token:
                        Hear((uint)(token - FirstClientToken));
                        break;
                }
            }
        }

        return 0;
    }

    /// <inheritdoc/>
    void IRegionHost.RunShort(RegionEngine region)
    {
        if (region.Owner is ServedRegion served)
        {
            served.Mover.RunShort(served);
        }
    }

    /// <inheritdoc/>
    void IRegionHost.BringAhead(RegionEngine region, ulong first, uint count)
    {
        if (region.Owner is ServedRegion served)
        {
            served.Mover.BringAhead(served, first, count);
        }
    }

    /// <inheritdoc/>
    void IRegionHost.Ring(RegionEngine region)
    {
        if (region.Owner is ServedRegion served)
        {
            served.Doorbell.Signal();
        }
    }

    /// <inheritdoc/>
    long IRegionHost.EvictElsewhere(RegionEngine region, FaultLane lane)
    {
        ServedRegion? largest = null;
        for (int index = 0; index < RegionPlaces; index++)
        {
            if (Region(index) is { } other && other.Engine != region && !other.Store.IsBlocking && other.Engine.Resident > (largest?.Engine.Resident ?? 0))
            {
                largest = other;
            }
        }

        if (largest is null || !largest.Engine.TryEnter())
        {
            return 0;
        }

        DeferredReads? own = lane.Deferred;
        lane.Deferred = null;
        long left = largest.Engine.Evict(FaultLane.MostVictims, lane);
        lane.Deferred = own;
        largest.Engine.Leave();
        return left;
    }

    /// <summary>Tells handlers that pages which wait for room may try again.</summary>
    public void RoomMade(ServedRegion region)
    {
        foreach (FaultHandler handler in _handlers)
        {
            if (region.Reads[handler.Index] is { HasWaiting: true })
            {
                handler.Signal();
            }
        }
    }

    /// <summary>Begins with pages that waited for room.</summary>
    public void StartWaiting(int handler, FaultLane lane)
    {
        for (int index = 0; index < RegionPlaces; index++)
        {
            if (Region(index) is { } region && region.Reads[handler] is { HasWaiting: true } reads && region.Engine.TryEnter())
            {
                lane.Deferred = reads;
                reads.StartWaiting(region.Engine, lane);
                lane.Deferred = null;
                region.Engine.Leave();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ServedRegion region in _served.Values)
        {
            Forget(region);
        }

        foreach (FaultHandler handler in _handlers)
        {
            handler.Dispose();
        }

        foreach (ServedRegion region in _served.Values)
        {
            if (region.Mover != _mover)
            {
                region.Mover.Dispose();
            }
        }

        _mover?.Dispose();
        foreach (ServedRegion region in _served.Values)
        {
            region.Dispose();
        }

        _successor?.Dispose();
        _poll?.Dispose();
        _postedBell?.Dispose();
    }

    /// <summary>Has the thread that hears clients do something.</summary>
    private void Post(Action action)
    {
        _posted.Enqueue(action);
        _postedBell!.Signal();
    }

    private void RunPosted()
    {
        _ = _postedBell!.Drain();
        while (_posted.TryDequeue(out Action? action))
        {
            action();
        }
    }

    private Errno TryBegin(out string reason)
    {
        _budget.Limit = (long)Math.Min(_state.BudgetPages, long.MaxValue);
        Errno errno = TryPrepare(out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        // First a successor that knows everything, then work: whoever kills the pager that a region names finds another behind it.
        StartSuccessor();
        AdmitWaiting();
        if (_state.Listener is { } listener)
        {
            _ = _poll!.Add(listener, ListenerToken);
        }

        foreach (ClientRecord client in _state.Clients.Values)
        {
            Resume(client);
        }

        return Errno.None;
    }
}
