// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics.CodeAnalysis;

namespace Physr.Dma.Debugging;

/// <content>What it says: reports, leaks, the dump.</content>
public sealed partial class DmaDebugger
{
    private readonly long[] _byError = new long[(int)DmaDebugError.AccessBeforeSync + 1];
    private long _errors;
    private long _uncertain;
    private int _errorsToReport;

    /// <summary>Raised for a mistake that is to be reported, under the debugger's lock and on the thread that made it.</summary>
    public event Action<DmaDebugReport>? Reported;

    /// <summary>Whether every mistake is reported, not only the first few (row R90b).</summary>
    public bool AllErrors { get; set; }

    /// <summary>Only mistakes of this driver are reported, and only they use up the number of reports; null is everybody's (row R90c). In the kernel those of other drivers
    /// use it up too, so that the first mistake of the driver sought may never show.</summary>
    public string? DriverFilter { get; set; }

    private bool MayHaveMissed => !_options.HistoryIsComplete || _lastLoss != 0 || _hasCutLists;

    /// <summary>How often a mistake was made, whether or not it was reported.</summary>
    public long CountOf(DmaDebugError error)
    {
        lock (_lock)
        {
            return _byError[(int)error];
        }
    }

    /// <summary>What is still mapped, by device, those with the most bytes first (row R90d).</summary>
    public IReadOnlyList<DmaLeak> Leaks()
    {
        lock (_lock)
        {
            List<DmaLeak> leaks = [];
            foreach (DmaDebugDevice device in _devices.Values)
            {
                if (TryMeasure(device, out DmaLeak? leak))
                {
                    leaks.Add(leak);
                }
            }

            return [.. leaks.OrderByDescending(static leak => leak.Bytes).ThenBy(static leak => leak.Device.Name, StringComparer.Ordinal)];
        }
    }

    /// <summary>All that is mapped now, in order of address (the kernel's <c>dma-api/dump</c>).</summary>
    /// <param name="device">Only this device's; null is everybody's.</param>
    public IReadOnlyList<DmaDebugMapping> Dump(DmaDevice? device = null)
    {
        lock (_lock)
        {
            List<DmaDebugMapping> all = [];
            foreach (DmaDebugDevice known in _devices.Values)
            {
                if (device is null || known.Device == device)
                {
                    for (int i = First(known); i != 0; i = Next(known, i))
                    {
                        all.Add(_table[i].Snapshot());
                    }
                }
            }

            return all;
        }
    }

    private int First(DmaDebugDevice device) => _table.FirstOver(device, 0, ulong.MaxValue);

    private int Next(DmaDebugDevice device, int after) => _table.NextOver(device, 0, ulong.MaxValue, after);

    private bool TryMeasure(DmaDebugDevice device, [NotNullWhen(true)] out DmaLeak? leak)
    {
        int count = 0;
        ulong bytes = 0;
        int oldest = First(device);
        for (int i = oldest; i != 0; i = Next(device, i))
        {
            ref DmaDebugEntry entry = ref _table[i];
            count++;
            bytes += entry.Kind == DmaMapKind.Reservation ? 0 : entry.Size;
            oldest = entry.Event < _table[oldest].Event ? i : oldest;
        }

        leak = count == 0 ? null : new(device.Device, device.Driver, count, bytes, _table[oldest].Snapshot());
        return count != 0;
    }

    private void ReportNotMapped(DmaDebugDevice device, DmaDebugError error, ulong address, ulong length, bool isMemory = false)
    {
        string done = error == DmaDebugError.SyncNeverAllocated ? "synced" : "unmapped";
        string actual = isMemory ? $"{done} a list that begins at memory 0x{address:x}" : $"{done} {length} bytes";
        int around = isMemory ? 0 : FindOver(device, address, 1, DmaDirection.Bidirectional);
        if (around != 0)
        {
            Report(device, error, address, length, $"the address as mapped, 0x{_table[around].Start:x}+{_table[around].Size}", actual, _table[around].Snapshot(), MayHaveMissed);
        }
        else if (!isMemory && TryRecall(device, address, isStart: false, out RememberedUnmap past))
        {
            Report(device, error, address, length, $"none after {_options.EventWord} {past.At}, which unmapped it", actual, past.Entry.Snapshot(), past.At <= _lastLoss);
        }
        else
        {
            Report(device, error, address, length, "a mapping that begins there", actual, mapping: null, MayHaveMissed);
        }
    }

    private void Report(DmaDebugDevice device, DmaDebugError error, ulong address, ulong size, string expected, string actual, int index)
    {
        DmaDebugMapping? mapping = index == 0 ? null : _table[index].Snapshot();
        Report(device, error, address, size, expected, actual, mapping, mapping is { } known && known.Event < _lastLoss);
    }

    private void Report(DmaDebugDevice device, DmaDebugError error, ulong address, ulong size, string expected, string actual, DmaDebugMapping? mapping, bool isUncertain = false)
    {
        if (isUncertain)
        {
            _uncertain++;
        }
        else
        {
            _errors++;
            _byError[(int)error]++;
        }

        if (DriverFilter is not null && !string.Equals(DriverFilter, device.Driver, StringComparison.Ordinal))
        {
            return;
        }

        if (!AllErrors)
        {
            if (_errorsToReport == 0)
            {
                return;
            }

            _errorsToReport -= isUncertain ? 0 : 1;
        }

        Reported?.Invoke(new(error, device.Device, device.Driver, new(address), size, expected, actual, mapping, _event, isUncertain));
    }
}
