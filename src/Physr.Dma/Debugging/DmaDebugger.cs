// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <summary>Checks the use of the DMA API from the events it is fed, wherever they come from: a mapper that <see cref="DmaDebug.Wear"/> dressed, a recorded trace, a
/// simulator (row R90, section 4.9).</summary>
/// <remarks>
/// Thread-safe: one lock, so that the events have one order. While nothing is wrong, no event allocates once the tables have grown to what is live at a time.
/// It works with <see cref="DmaMapKind"/>s of mappings, remembers each until it is unmapped, and compares. A mistake becomes a <see cref="DmaDebugReport"/>; after it, the
/// debugger goes on as the kernel's does: what was unmapped wrongly counts as unmapped.
/// </remarks>
public sealed partial class DmaDebugger
{
    private readonly Lock _lock = new();
    private readonly DmaDebugOptions _options;
    private readonly IDmaDebugRecorder? _recorder;
    private readonly DmaDebugTable _table;
    private readonly Dictionary<DmaDevice, DmaDebugDevice> _devices = [];
    private readonly RememberedUnmap[] _unmapped;
    private long _event;
    private long _unmaps;
    private long _lastLoss;
    private long _lastRemoved;

    /// <summary>Makes a debugger that has seen nothing.</summary>
    /// <param name="options">How it works; null is as the kernel's does.</param>
    public DmaDebugger(DmaDebugOptions? options = null)
    {
        _options = options ?? new();
        ArgumentOutOfRangeException.ThrowIfNegative(_options.NumErrors, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(_options.RememberedUnmaps, nameof(options));
        if (_options.CachelineBytes != 0 && !System.Numerics.BitOperations.IsPow2(_options.CachelineBytes))
        {
            throw new ArgumentOutOfRangeException(nameof(options), _options.CachelineBytes, "A cache line is a power of two in bytes.");
        }

        _recorder = _options.Recorder;
        _table = new(_options.InitialEntries, _options.MaxEntries, _options.AllocationGate);
        _unmapped = new RememberedUnmap[_options.RememberedUnmaps];
        _errorsToReport = _options.NumErrors;
        AllErrors = _options.AllErrors;
        DriverFilter = _options.DriverFilter;
    }

    /// <summary>Whether it still checks; a debugger that could not grow has disabled itself for good.</summary>
    public bool IsEnabled { get; private set; } = true;

    /// <summary>Events it was fed.</summary>
    public long Events
    {
        get
        {
            lock (_lock)
            {
                return _event;
            }
        }
    }

    /// <summary>The event that made what was unmapped last; for who must tell mappings apart.</summary>
    internal long LastRemoved => _lastRemoved;

    /// <summary>Numbers the next event: for who counts them otherwise. Never backwards.</summary>
    internal void SetNextEvent(long number) => _event = number - 1;

    /// <summary>What it has counted.</summary>
    public DmaDebugCounters Counters
    {
        get
        {
            lock (_lock)
            {
                return new(_event, _errors, _uncertain, _table.Live, _table.Entries, _table.Free, _table.LeastFree);
            }
        }
    }

    /// <summary>Says that a driver is bound to a device: its name appears in reports, and the filter goes by it.</summary>
    public void OnDriverBind(DmaDevice device, string driver)
    {
        ArgumentException.ThrowIfNullOrEmpty(driver);
        lock (_lock)
        {
            DmaDebugDevice known = Begin(device);
            _recorder?.DriverBound(device, driver);
            known.Driver = driver;
        }
    }

    /// <summary>Says that events were lost here: what was mapped before may have been unmapped unseen, and the other way round. What that could explain is uncertain from
    /// now on.</summary>
    public void OnEventsLost()
    {
        lock (_lock)
        {
            _lastLoss = ++_event;
        }
    }

    private DmaDebugDevice Begin(DmaDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        _event++;
        if (!_devices.TryGetValue(device, out DmaDebugDevice? known))
        {
            known = new(device);
            _devices.Add(device, known);
            _recorder?.DeviceSeen(device);
        }

        return known;
    }

    /// <summary>Takes an entry for a new mapping; false disables the debugger.</summary>
    private bool TryAdd(in DmaDebugEntry entry, out int index)
    {
        if (!_table.TryTake(out index))
        {
            Disable("out of entries");
            return false;
        }

        _table[index] = entry;
        if (entry.ListFirst < 0)
        {
            _table[index].ListFirst = index;
        }

        _table.Add(index);
        return true;
    }

    private void Disable(string why)
    {
        if (IsEnabled)
        {
            IsEnabled = false;
            _options.Warn?.Invoke($"dma-debug: {why} after {_table.Entries} entries; disabled");
        }
    }

    /// <summary>Forgets a mapping, a list with all its segments, and remembers that it was there.</summary>
    private void Remove(int index)
    {
        int at = _table[index].Kind == DmaMapKind.List ? _table[index].ListFirst : index;
        _lastRemoved = _table[at].Event;
        while (at != 0)
        {
            ref DmaDebugEntry entry = ref _table[at];
            int next = entry.ListNext;
            if (entry.Is(DmaDebugEntryFlags.LineCounted))
            {
                UncountLine(entry.Memory);
            }

            if (_unmapped.Length != 0)
            {
                _unmapped[(int)(_unmaps++ % _unmapped.Length)] = new(entry, _event);
            }

            _table.Remove(at);
            at = next;
        }
    }

    /// <summary>The latest unmap of something that held an address; false where none is remembered.</summary>
    private bool TryRecall(DmaDebugDevice device, ulong address, bool isStart, out RememberedUnmap found)
    {
        for (long i = _unmaps - 1; i >= 0 && i >= _unmaps - _unmapped.Length; i--)
        {
            ref RememberedUnmap past = ref _unmapped[(int)(i % _unmapped.Length)];
            if (past.Entry.Device == device && (isStart ? past.Entry.Start == address : address - past.Entry.Start < past.Entry.Size))
            {
                found = past;
                return true;
            }
        }

        found = default;
        return false;
    }

    /// <summary>The live mapping that begins at an address and fits best what is said of it; 0 for none.</summary>
    private int Find(DmaDebugDevice device, ulong address, ulong size, DmaMapKind kind, DmaDirection direction, int listEntries)
    {
        int best = 0;
        int bestFit = -1;
        for (int i = _table.FirstAt(address); i != 0; i = _table.NextAt(i))
        {
            ref DmaDebugEntry entry = ref _table[i];
            if (entry.Start != address || entry.Device != device || entry.Is(DmaDebugEntryFlags.Ending))
            {
                continue;
            }

            int fit = (entry.Size == size ? 1 : 0) + (entry.Kind == kind ? 1 : 0) + (entry.Direction == direction ? 1 : 0) + (entry.ListEntries == listEntries ? 1 : 0);
            // Of equals the oldest: one CPU may tell of its unmap after another has told of the next map.
            if (fit >= bestFit)
            {
                bestFit = fit;
                best = i;
            }
        }

        return best;
    }

    /// <param name="Entry">The mapping as it was.</param>
    /// <param name="At">The event that unmapped it.</param>
    private readonly record struct RememberedUnmap(DmaDebugEntry Entry, long At);
}
