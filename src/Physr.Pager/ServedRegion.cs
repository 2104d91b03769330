// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Faults;
using Physr.Linux.Memory;
using Physr.Linux.Waiting;
using Physr.Paging.Control;
using Physr.Paging.Engine;
using Physr.Paging.Protocol;
using Physr.Paging.Stores;

namespace Physr.Pager;

/// <summary>A region that is being served: its descriptors, checked and opened, and what works on them.</summary>
internal sealed class ServedRegion : IDisposable
{
    private readonly MemoryFile _controlFile;
    private readonly Lock _placesLock = new();
    private readonly bool[] _isAside;
    private int _active;
    private bool _isForgotten;

    private ServedRegion(RegionRecord record, RegionSpec spec, UffdWindow window, MemoryFile controlFile, ControlBlock control, EventCounter doorbell, PageStore store, RegionEngine engine, int handlers)
    {
        Record = record;
        Spec = spec;
        Window = window;
        _controlFile = controlFile;
        Control = control;
        Doorbell = doorbell;
        Store = store;
        Engine = engine;
        Reads = new DeferredReads?[handlers];
        Views = new HandlerView[handlers];
        _isAside = new bool[handlers];
        _active = handlers;
    }

    /// <summary>What its client said.</summary>
    public RegionRecord Record { get; }

    /// <summary>The same, read.</summary>
    public RegionSpec Spec { get; }

    /// <summary>What the application sees.</summary>
    public UffdWindow Window { get; }

    /// <summary>Its words.</summary>
    public ControlBlock Control { get; }

    /// <summary>Rings when leases want something.</summary>
    public EventCounter Doorbell { get; }

    /// <summary>Where its bytes are.</summary>
    public PageStore Store { get; }

    /// <summary>What moves its pages.</summary>
    public RegionEngine Engine { get; }

    /// <summary>Each handler's way to a store that may take long.</summary>
    public DeferredReads?[] Reads { get; }

    /// <summary>What each handler has seen of it; its own thread's.</summary>
    public HandlerView[] Views { get; }

    /// <summary>Who evicts its pages ahead of need.</summary>
    public required Mover Mover { get; set; }

    /// <summary>Its place in the service's table.</summary>
    public int Index { get; set; }

    /// <summary>Not 0 while it waits for the mover.</summary>
    public ref int ShortFlag => ref _shortFlag;

    private int _shortFlag;

    /// <summary>Checks what a client sent, and opens it. On failure every descriptor is closed.</summary>
    public static Errno TryOpen(RegionRecord record, ResidentBudget whole, IRegionHost host, IPagerSteps? steps, int handlers, Mover mover, out ServedRegion? region, out string reason)
    {
        region = null;
        MessageReader reader = new(record.Description);
        Errno errno = RegionSpec.TryRead(ref reader, out RegionSpec? spec, out reason);
        if (spec is null)
        {
            record.Dispose();
            return errno;
        }

        SafeFileHandle[] handles = record.Descriptors;
        if (handles.Length < RegionSpec.OwnDescriptors)
        {
            record.Dispose();
            reason = $"a region comes with {RegionSpec.OwnDescriptors} descriptors (userfaultfd, window, control file, doorbell) and its store's; {handles.Length} came";
            return Errno.EINVAL;
        }

        ulong pages = spec.Length / ControlLayout.PageBytes;
        Userfaultfd? faults = null;
        MemoryFile? windowFile = null, controlFile = null;
        ControlBlock? control = null;
        EventCounter? doorbell = null;
        PageStore? store = null;
        errno = Userfaultfd.TryAdopt(handles[0], out faults, out reason);
        errno = errno == Errno.None ? MemoryFile.TryAdopt(handles[1], spec.Length, out windowFile, out reason) : errno;
        errno = errno == Errno.None ? MemoryFile.TryAdopt(handles[2], ControlLayout.Bytes(pages), out controlFile, out reason) : errno;
        errno = errno == Errno.None ? ControlBlock.TryOpen(controlFile!, pages, out control, out reason) : errno;
        errno = errno == Errno.None ? EventCounter.TryAdopt(handles[3], out doorbell, out reason) : errno;
        errno = errno == Errno.None ? PageStore.TryOpen(spec.Store, handles.AsSpan(RegionSpec.OwnDescriptors), spec.Length, out store, out reason) : errno;
        if (errno != Errno.None)
        {
            control?.Dispose();
            store?.Dispose();
            record.Dispose();
            return errno;
        }

        // What a pager before this one was told later stands in the control file.
        long told = Volatile.Read(ref control!.Budget);
        ResidentBudget budget = new(told is > 0 and <= (long)ControlLayout.MostPages ? told : (long)spec.BudgetPages, whole);
        UffdWindow window = new(faults!, windowFile!, (nint)spec.Address);
        RegionEngine engine = new(control!, window, store!, budget, host, steps);
        region = new(record, spec, window, controlFile!, control!, doorbell!, store!, engine, handlers) { Mover = mover };
        engine.Owner = region;
        return Errno.None;
    }

    /// <summary>Has a handler leave its faults to others, unless it is the last.</summary>
    public void TryStandAside(FaultHandler handler)
    {
        lock (_placesLock)
        {
            if (_active > 1 && !_isForgotten && !_isAside[handler.Index])
            {
                _active--;
                _isAside[handler.Index] = true;
                handler.RemoveFaults(this);
            }
        }
    }

    /// <summary>Has a handler that stood aside serve its faults again.</summary>
    public void Call(FaultHandler handler)
    {
        if (!Volatile.Read(ref _isAside[handler.Index]))
        {
            return;
        }

        lock (_placesLock)
        {
            if (!_isForgotten && _isAside[handler.Index] && handler.AddFaults(this) == Errno.None)
            {
                _isAside[handler.Index] = false;
                _active++;
            }
        }
    }

    /// <summary>Nobody waits for it any more, nor begins to.</summary>
    public void Forget(ReadOnlySpan<FaultHandler> handlers)
    {
        lock (_placesLock)
        {
            _isForgotten = true;
            foreach (FaultHandler handler in handlers)
            {
                handler.Remove(this);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Engine.Dispose();
        Store.Dispose();
        Control.Dispose();
        _controlFile.Dispose();
        Doorbell.Dispose();
        Window.Dispose();
        Record.Dispose();
    }
}
