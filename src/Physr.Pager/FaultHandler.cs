// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Faults;
using Physr.Linux.Processes;
using Physr.Linux.Waiting;
using Physr.Paging;
using Physr.Paging.Engine;

namespace Physr.Pager;

/// <summary>One thread, on one processor, that serves the faults of threads on that processor.</summary>
/// <remarks>
/// A fault wakes whoever waits for its descriptor. Waking a handler on the processor that the faulting thread just left costs a context switch; waking one elsewhere costs an interrupt to
/// another processor and back. A region's descriptors are thus waited for by one handler on each processor, and those on which nobody touches it stand aside of it (<see cref="StandAside"/>), so that they are
/// not woken for nothing; now and then a handler looks where the threads are that it serves, and calls the handler there.
/// </remarks>
internal sealed class FaultHandler : IDisposable
{
    private const int EventsAtOnce = 16;
    private const int VainToStandAside = 16;
    private const int ElsewhereToStandAside = 3;
    private const int FaultsBetweenLooks = 32;

    private readonly PagerService _service;
    private readonly EventPoll _all;
    private readonly EventCounter _commands;
    private readonly FaultLane _lane;
    private readonly ThreadPlaces _places = new();
    private readonly FaultEvent[] _events = new FaultEvent[EventsAtOnce];
    private readonly Queue<Action<FaultHandler>> _queue = [];
    private readonly Lock _queueLock = new();
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _started = new(false);
    private volatile bool _isStopping;

    private FaultHandler(PagerService service, int index, int processor, EventPoll all, EventCounter commands, FaultLane lane)
    {
        _service = service;
        Index = index;
        Processor = processor;
        _all = all;
        _commands = commands;
        _lane = lane;
        _thread = new(Run, 512 * 1024) { Name = $"faults {processor}", IsBackground = true };
    }

    /// <summary>Which handler it is.</summary>
    public int Index { get; }

    /// <summary>Which processor it is for.</summary>
    public int Processor { get; }

    /// <summary>Whether it stays on that processor; false where the system did not let it.</summary>
    public bool IsPinned { get; private set; }

    /// <summary>Makes a handler. It runs once it is started.</summary>
    public static Errno TryCreate(PagerService service, int index, int processor, out FaultHandler? handler, out string reason)
    {
        handler = null;
        Errno errno = FaultLane.TryCreate(isWriter: false, out FaultLane? lane, out reason);
        EventPoll? all = null;
        EventCounter? commands = null;
        errno = errno == Errno.None ? EventPoll.TryCreate(out all) : errno;
        errno = errno == Errno.None ? EventCounter.TryCreate(out commands) : errno;
        ulong token = new HandlerToken(0, HandlerSource.Command).Value;
        errno = errno == Errno.None ? all!.Add(commands!.Handle, token) : errno;
        if (errno != Errno.None)
        {
            commands?.Dispose();
            all?.Dispose();
            lane?.Dispose();
            reason = reason.Length == 0 ? $"no descriptors for a handler ({errno})" : reason;
            return errno;
        }

        handler = new(service, index, processor, all!, commands!, lane!);
        return Errno.None;
    }

    /// <summary>Starts its thread, and waits until that has gone to its processor.</summary>
    public void Start()
    {
        _thread.Start();
        _started.Wait();
    }

    /// <summary>Has it wait for a region's descriptors.</summary>
    public Errno Add(ServedRegion region)
    {
        Errno errno = AddFaults(region);
        if (errno == Errno.None && region.Reads[Index] is { } reads)
        {
            errno = _all.Add(reads.Handle, new HandlerToken(region.Index, HandlerSource.Reads).Value);
        }

        return errno;
    }

    /// <summary>Has it wait for a region's descriptors no more.</summary>
    public void Remove(ServedRegion region)
    {
        RemoveFaults(region);
        if (region.Reads[Index] is { } reads)
        {
            _ = _all.Remove(reads.Handle);
        }
    }

    /// <summary>Has it wait for a region's faults and leases.</summary>
    public Errno AddFaults(ServedRegion region)
    {
        Errno errno = _all.Add(region.Window.Faults.Handle, new HandlerToken(region.Index, HandlerSource.Faults).Value, exclusive: true);
        errno = errno == Errno.None ? _all.Add(region.Doorbell.Handle, new HandlerToken(region.Index, HandlerSource.Doorbell).Value) : errno;
        if (errno != Errno.None)
        {
            RemoveFaults(region);
        }

        return errno;
    }

    /// <summary>Has it wait for a region's faults and leases no more.</summary>
    public void RemoveFaults(ServedRegion region)
    {
        _ = _all.Remove(region.Window.Faults.Handle);
        _ = _all.Remove(region.Doorbell.Handle);
    }

    /// <summary>Has it do something on its own thread.</summary>
    public void Post(Action<FaultHandler> action)
    {
        lock (_queueLock)
        {
            _queue.Enqueue(action);
        }

        _commands.Signal();
    }

    /// <summary>Wakes it to look after pages that waited for room.</summary>
    public void Signal() => _commands.Signal();

    /// <inheritdoc/>
    public void Dispose()
    {
        _isStopping = true;
        _commands.Signal();
        if (_thread.IsAlive)
        {
            _thread.Join();
        }

        _all.Dispose();
        _commands.Dispose();
        _started.Dispose();
        _lane.Dispose();
        _places.Dispose();
    }

    private void Run()
    {
        IsPinned = CpuAffinity.TryPin(0, Processor) == Errno.None;
        _started.Set();
        PollEvent[] events = new PollEvent[EventsAtOnce];
        while (!_isStopping)
        {
            int count = _all.Wait(events, -1);
            for (int index = 0; index < count; index++)
            {
                HandlerToken token = HandlerToken.Of(events[index].Token);
                if (token.Source == HandlerSource.Command)
                {
                    RunCommands();
                }
                else if (_service.Region(token.Region) is { } region && region.Engine.TryEnter())
                {
                    Serve(region, token.Source);
                    region.Engine.Leave();
                }
            }
        }
    }

    private void Serve(ServedRegion region, HandlerSource source)
    {
        DeferredReads? reads = region.Reads[Index];
        _lane.Deferred = reads;
        switch (source)
        {
            case HandlerSource.Faults:
                ReadFaults(region);
                break;
            case HandlerSource.Doorbell when region.Doorbell.Drain():
                region.Engine.OnRequests(_lane);
                break;
            case HandlerSource.Reads:
                reads?.Complete(region.Engine, _lane);
                region.Engine.ServePending(_lane);
                break;
        }

        reads?.Submit();
        _lane.Deferred = null;
    }

    private void ReadFaults(ServedRegion region)
    {
        int count = region.Window.Faults.Read(_events);
        if (count <= 0)
        {
            StandAside(region);
            return;
        }

        region.Views[Index].InVain = 0;
        ulong start = region.Spec.Address;
        for (int index = 0; index < count; index++)
        {
            ref readonly FaultEvent fault = ref _events[index];
            if (fault.Kind == FaultEventKind.PageFault)
            {
                FaultKind kind = fault.IsWriteProtect ? FaultKind.Write : fault.IsMinor ? FaultKind.Minor : FaultKind.Missing;
                region.Engine.OnFault(fault.Address - start, kind, fault.IsWrite || fault.IsWriteProtect, _lane);
            }
        }

        LookAround(region, count);
    }

    /// <summary>Now and then looks where the thread is that faulted, and calls the handler there; where it is elsewhere time and again, this one leaves the region to that.</summary>
    private void LookAround(ServedRegion region, int served)
    {
        ref HandlerView view = ref region.Views[Index];
        view.SinceLook += served;
        if (view.SinceLook < FaultsBetweenLooks)
        {
            return;
        }

        view.SinceLook = 0;
        int processor = _places.Processor(region.Spec.ProcessId, _events[0].ThreadId);
        view.Elsewhere = processor != Processor && _service.TryCallHandlerOn(processor, region) ? view.Elsewhere + 1 : 0;
        if (view.Elsewhere >= ElsewhereToStandAside)
        {
            view = default;
            region.TryStandAside(this);
        }
    }

    /// <summary>Another handler was faster, time and again: nobody touches this region here.</summary>
    private void StandAside(ServedRegion region)
    {
        ref HandlerView view = ref region.Views[Index];
        if (++view.InVain >= VainToStandAside)
        {
            view = default;
            region.TryStandAside(this);
        }
    }

    private void RunCommands()
    {
        _ = _commands.Drain();
        while (true)
        {
            Action<FaultHandler>? action;
            lock (_queueLock)
            {
                if (!_queue.TryDequeue(out action))
                {
                    break;
                }
            }

            action(this);
        }

        _service.StartWaiting(Index, _lane);
    }
}
