// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;
using Physr.Paging.Control;
using Physr.Paging.Engine;

namespace Physr.Paging.Orders.Tests;

/// <summary>One life of the pager: an engine over the words, the window and the store, which outlive it.</summary>
internal sealed class PagerProcess : IRegionHost, IPagerSteps, IDisposable
{
    private readonly PagingWorld _world;
    private readonly List<HandlerState> _handlers = [];
    private readonly SimulatedStore _store;
    private readonly bool _isFine;

    public PagerProcess(PagingWorld world)
    {
        _world = world;
        _isFine = world.Options.IsFine;
        Budget = new(world.Options.Budget, world.Whole);
        Window = new(world.Kernel, _isFine);
        _store = new(world.Medium, world.Options.RunPages, world.Options.IsSlow);
        Engine = new(world.Control, Window, _store, Budget, this, this);
    }

    public RegionEngine Engine { get; }

    public ResidentBudget Budget { get; }

    public SimulatedWindow Window { get; }

    /// <summary>Whether it has recovered what another left, and serves.</summary>
    public bool IsServing { get; set; }

    /// <summary>Whether pages are to be evicted ahead of need.</summary>
    public bool IsShort { get; set; }

    /// <summary>Runs of pages to bring in.</summary>
    public Queue<(ulong First, uint Count)> Ahead { get; } = [];

    /// <summary>What the mover is asked to do.</summary>
    public Queue<Job> Jobs { get; } = [];

    /// <summary>Whether the mover has something to do.</summary>
    public bool HasToMove => IsServing && (IsShort || Ahead.Count != 0 || Jobs.Count != 0);

    /// <summary>Whether the store has something to do, for some handler.</summary>
    public SimulatedLane? Started => _handlers.Find(static handler => handler.Lane is { HasStarted: true })?.Lane;

    /// <summary>What it keeps for a handler.</summary>
    public HandlerState Handler(int index)
    {
        while (_handlers.Count <= index)
        {
            _handlers.Add(new(_store));
        }

        return _handlers[index];
    }

    /// <summary>What a thread does that is a handler meanwhile.</summary>
    public void Serve(FaultLane lane)
    {
        if (_world.Kernel.TryReadEvent(out Faulter? faulter))
        {
            Engine.OnFault((ulong)faulter!.Page << ControlLayout.PageShift, faulter.Kind, faulter.IsWrite, lane);
        }
        else if (_world.Doorbell)
        {
            _world.Doorbell = false;
            Engine.OnRequests(lane);
        }
    }

    /// <summary>What a handler does when it is woken.</summary>
    public void Serve(HandlerState handler, FaultLane lane)
    {
        lane.Deferred = handler.Reads;
        if (handler.Lane is { HasEnded: true })
        {
            handler.Reads!.Complete(Engine, lane);
            Engine.ServePending(lane);
        }
        else if (handler.IsSignalled)
        {
            handler.IsSignalled = false;
            handler.Reads!.StartWaiting(Engine, lane);
        }
        else
        {
            Serve(lane);
        }

        handler.Reads?.Submit();
        lane.Deferred = null;
    }

    /// <summary>What the mover does when it is woken.</summary>
    public void Move(FaultLane lane)
    {
        if (IsShort)
        {
            IsShort = false;
            Engine.EvictAhead(lane);
            _handlers.ForEach(static handler => handler.IsSignalled |= handler.Reads is { HasWaiting: true });
        }
        else if (Ahead.TryDequeue(out (ulong First, uint Count) run))
        {
            Engine.BringAhead(run.First, run.Count, lane);
        }
        else if (Jobs.TryDequeue(out Job? job))
        {
            job.Work(Engine, lane);
            job.IsDone = true;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _handlers.ForEach(static handler => handler.Dispose());

    /// <inheritdoc/>
    void IRegionHost.RunShort(RegionEngine region) => IsShort = true;

    /// <inheritdoc/>
    void IRegionHost.BringAhead(RegionEngine region, ulong first, uint count) => Ahead.Enqueue((first, count));

    /// <inheritdoc/>
    void IRegionHost.Ring(RegionEngine region)
    {
        SchedulePoint.Reach("ring");
        _world.Doorbell = true;
    }

    /// <inheritdoc/>
    long IRegionHost.EvictElsewhere(RegionEngine region, FaultLane lane) => _world.Sibling?.Pager.Engine.Evict(FaultLane.MostVictims, lane) ?? 0;

    /// <inheritdoc/>
    void IPagerSteps.At(PagerStep step, ulong page)
    {
        if (_isFine || step is PagerStep.FaultRead or PagerStep.FillPublished or PagerStep.WriteAllowed or PagerStep.EvictRemoved or PagerStep.PersistSaved or PagerStep.LeaseWakes)
        {
            SchedulePoint.Reach(Points.Of(step, page));
        }

        if (step == PagerStep.LeaseWakes)
        {
            _world.WakeSleepers((int)page);
        }
    }
}
