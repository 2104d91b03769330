// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iova;

namespace Physr.Dma.Iommu;

/// <summary>One ring of runs that were unmapped and wait for a flush, oldest first. Its lock guards it.</summary>
internal sealed class FlushQueueRing
{
    private readonly Waiting[] _runs;

    // Of all runs in order: each run says how many are its own.
    private readonly Queue<nint> _tables = new();
    private readonly IotlbGather _freed = new();
    private int _head;

    public FlushQueueRing(int entries) => _runs = new Waiting[entries];

    public Lock Lock { get; } = new();

    public int Count { get; private set; }

    public bool IsFull => Count == _runs.Length;

    /// <summary>Adds a run, and takes over the tables that a gather has to free.</summary>
    /// <param name="address">The run.</param>
    /// <param name="length">Its length, as it was asked for.</param>
    /// <param name="flushesBegun">Flushes begun before: only one that begins later covers the run.</param>
    /// <param name="tables">Tables unlinked with it.</param>
    public void Add(DmaAddress address, ulong length, long flushesBegun, List<nint> tables)
    {
        foreach (nint table in tables)
        {
            _tables.Enqueue(table);
        }

        _runs[(_head + Count++) % _runs.Length] = new(address, length, flushesBegun, tables.Count);
    }

    /// <summary>Gives back each run that a finished flush covers, and the tables unlinked with it.</summary>
    /// <returns>How many runs.</returns>
    public int Release(long flushesFinished, IIommuDomain domain, IovaAllocator iova)
    {
        int released = 0;
        while (Count != 0 && _runs[_head].FlushesBegun < flushesFinished)
        {
            Waiting run = _runs[_head];
            _head = (_head + 1) % _runs.Length;
            Count--;
            released++;
            for (int i = 0; i < run.Tables; i++)
            {
                _freed.FreedTables.Add(_tables.Dequeue());
            }

            iova.Free(run.Address, run.Length);
        }

        if (_freed.FreedTables.Count != 0)
        {
            domain.FreeTables(_freed);
            _freed.Reset();
        }

        return released;
    }

    private readonly record struct Waiting(DmaAddress Address, ulong Length, long FlushesBegun, int Tables);
}
