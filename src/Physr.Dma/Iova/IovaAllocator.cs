// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iova;

/// <summary>Hands out runs of IO virtual addresses of one address space (row R67): from the top down, aligned to their own size rounded up to a power of two,
/// below 4 GiB first. Thread-safe.</summary>
public sealed class IovaAllocator : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SortedList<ulong, ulong> _taken = [];
    private readonly ulong _first;
    private readonly ulong _last;

    /// <summary>Makes an empty space.</summary>
    /// <param name="granule">The unit, in bytes: a power of two, the IOMMU's smallest page.</param>
    /// <param name="first">The lowest address ever handed out, rounded up to a granule; address 0 never is.</param>
    /// <param name="last">The highest address, inclusive.</param>
    public IovaAllocator(ulong granule, DmaAddress first, DmaAddress last)
    {
        Granule = granule;
        _first = Math.Max(granule, Alignment.Up(first.Value, granule));
        _last = last.Value;
    }

    /// <summary>The unit, in bytes.</summary>
    public ulong Granule { get; }

    /// <summary>Runs handed out and not given back.</summary>
    public long LiveCount
    {
        get
        {
            lock (_lock)
            {
                return _taken.Count;
            }
        }
    }

    /// <summary>Bytes in them, as rounded.</summary>
    public ulong LiveBytes
    {
        get
        {
            lock (_lock)
            {
                return _taken.Aggregate(0UL, static (sum, run) => sum + run.Value);
            }
        }
    }

    /// <summary>Takes a run.</summary>
    /// <param name="length">Bytes; rounded up to granules.</param>
    /// <param name="mask">The highest address the device can use.</param>
    /// <param name="address">The first address of the run.</param>
    /// <returns><see cref="Errno.EINVAL"/> for length 0, <see cref="Errno.ENOMEM"/> where no such run is free.</returns>
    public Errno TryAllocate(ulong length, ulong mask, out DmaAddress address)
    {
        address = DmaAddress.MappingError;
        if (length == 0 || length > 1UL << 62)
        {
            return Errno.EINVAL;
        }

        ulong size = Alignment.Up(length, Granule);
        ulong alignment = System.Numerics.BitOperations.RoundUpToPowerOf2(size);
        lock (_lock)
        {
            return TryTake(size, alignment, Math.Min(mask, uint.MaxValue), ref address) || TryTake(size, alignment, mask, ref address) ? Errno.None : Errno.ENOMEM;
        }
    }

    /// <summary>Gives a run back.</summary>
    /// <param name="address">As it was handed out.</param>
    /// <param name="length">As it was asked for.</param>
    /// <exception cref="PhysrException">No such run is out.</exception>
    public void Free(DmaAddress address, ulong length)
    {
        lock (_lock)
        {
            if (!_taken.TryGetValue(address.Value, out ulong size) || size != Alignment.Up(length, Granule))
            {
                throw new PhysrException("free IOVA", address.ToString(), Errno.EINVAL, "no such run was handed out");
            }

            _taken.Remove(address.Value);
        }
    }

    /// <summary>Takes a range out of the space for good: MSI windows, a host bridge's windows.</summary>
    /// <returns><see cref="Errno.EBUSY"/> where a part of it is handed out.</returns>
    public Errno Reserve(DmaRange range)
    {
        lock (_lock)
        {
            ulong start = Alignment.Down(range.Start.Value, Granule);
            ulong end = Alignment.Up(range.Last.Value, Granule);
            if (_taken.Any(run => run.Key < end && start < run.Key + run.Value))
            {
                return Errno.EBUSY;
            }

            _taken.Add(start, end - start);
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private bool TryTake(ulong size, ulong alignment, ulong limit, ref DmaAddress address)
    {
        ulong ceiling = Math.Min(limit, _last);
        if (ceiling < size - 1)
        {
            return false;
        }

        ulong at = Alignment.Down(ceiling - (size - 1), alignment);
        for (int i = _taken.Count - 1; i >= 0 && at >= _first; i--)
        {
            ulong start = _taken.Keys[i];
            if (start >= at + size)
            {
                continue;
            }

            if (start + _taken.Values[i] <= at)
            {
                break;
            }

            if (start < size)
            {
                return false;
            }

            at = Alignment.Down(start - size, alignment);
        }

        if (at < _first)
        {
            return false;
        }

        _taken.Add(at, size);
        address = new(at);
        return true;
    }
}
