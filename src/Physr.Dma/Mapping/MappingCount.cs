// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Mapping;

/// <summary>How many mappings of one device, or of one mapper, are out, and how many bytes are in them. Each thread counts in a tally of its own, with ordinary stores;
/// a reader adds them up, so that the count is exact once nobody maps.</summary>
internal sealed class MappingCount
{
    private readonly Lock _lock = new();
    private MappingTally[] _tallies = [];
    private long _mappings;
    private long _bytes;

    public long Mappings
    {
        get
        {
            long sum = Interlocked.Read(ref _mappings);
            foreach (MappingTally tally in Volatile.Read(ref _tallies))
            {
                sum += tally.Mappings;
            }

            return sum;
        }
    }

    public long Bytes
    {
        get
        {
            long sum = Interlocked.Read(ref _bytes);
            foreach (MappingTally tally in Volatile.Read(ref _tallies))
            {
                sum += tally.Bytes;
            }

            return sum;
        }
    }

    /// <summary>Counts where the thread has no tally for it.</summary>
    public void AddShared(long mappings, long bytes)
    {
        Interlocked.Add(ref _mappings, mappings);
        Interlocked.Add(ref _bytes, bytes);
    }

    public void Add(MappingTally tally)
    {
        lock (_lock)
        {
            Volatile.Write(ref _tallies, [.. _tallies, tally]);
        }
    }
}
