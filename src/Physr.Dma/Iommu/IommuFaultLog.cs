// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommu;

/// <summary>The refused accesses that nobody has read yet, as many as fit; what comes on top is lost and flagged, as in hardware (VT-d's primary fault overflow, AMD's
/// event log overflow), so that a device that faults for ever costs nothing. Thread-safe.</summary>
public sealed class IommuFaultLog
{
    private readonly Lock _lock = new();
    private readonly IommuFault[] _records;
    private int _first;
    private int _count;
    private long _total;
    private bool _hasOverflowed;

    /// <summary>Makes an empty log.</summary>
    /// <param name="capacity">Records that are kept until they are read; at least 1.</param>
    public IommuFaultLog(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        _records = new IommuFault[capacity];
    }

    /// <summary>Records that are kept until they are read.</summary>
    public int Capacity => _records.Length;

    /// <summary>Records waiting.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _count;
            }
        }
    }

    /// <summary>Faults so far, lost ones too.</summary>
    public long Total => Interlocked.Read(ref _total);

    /// <summary>Whether a record was lost since <see cref="Clear"/>.</summary>
    public bool HasOverflowed => Volatile.Read(ref _hasOverflowed);

    /// <summary>Takes the oldest record out.</summary>
    public bool TryRead(out IommuFault fault)
    {
        lock (_lock)
        {
            fault = default;
            if (_count == 0)
            {
                return false;
            }

            fault = _records[_first];
            _first = (_first + 1) % _records.Length;
            _count--;
            return true;
        }
    }

    /// <summary>Forgets all records and the overflow; the total stays.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _count = 0;
            _hasOverflowed = false;
        }
    }

    internal void Add(in IommuFault fault)
    {
        lock (_lock)
        {
            Interlocked.Increment(ref _total);
            if (_count == _records.Length)
            {
                _hasOverflowed = true;
                return;
            }

            _records[(_first + _count++) % _records.Length] = fault;
        }
    }
}
