// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Dma.PageTables;

/// <summary>The pages of one table: native memory, in blocks that double up to 2 MiB and stay until the table is disposed of. Thread-safe.</summary>
/// <remarks>A page that was freed may serve again while a walker that started earlier still holds its address. It serves the same level, so that what the walker reads there is
/// fit to be followed, and <see cref="Epoch"/> tells the walker to start again.</remarks>
internal sealed class TablePool(IAllocationGate? gate, long mostPages) : IDisposable
{
    private const int FirstBlockPages = 16;
    private const int LargestBlockPages = 512;

    private readonly Lock _lock = new();
    private readonly List<TableMemory> _blocks = [];
    private TableReserve _free;
    private nint _fresh;
    private int _freshPages;
    private long _pages;
    private long _epoch;
    private bool _isDisposed;

    /// <summary>Pages handed out and not returned.</summary>
    public long Pages => Volatile.Read(ref _pages);

    /// <summary>How many there may be.</summary>
    public long MostPages => mostPages;

    /// <summary>How many more may be handed out.</summary>
    public long Room => mostPages - Pages;

    /// <summary>How often pages that were part of a table became free. A walk that ends in the epoch it began in met no page of another life.</summary>
    public long Epoch => Volatile.Read(ref _epoch);

    /// <summary>Takes pages, all or none, asking the gate for each.</summary>
    /// <param name="needs">How many for each level.</param>
    /// <param name="reserve">Gets them.</param>
    public bool TryTake(ReadOnlySpan<long> needs, ref TableReserve reserve)
    {
        long count = 0;
        foreach (long need in needs)
        {
            count += need;
        }

        if (count > Room)
        {
            return false;
        }

        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (count > mostPages - _pages)
            {
                return false;
            }

            for (int level = 1; level < needs.Length; level++)
            {
                for (long taken = 0; taken < needs[level]; taken++)
                {
                    if (gate?.TryPass("IO page table") == false || !TryTakeOne(level, out TablePage page))
                    {
                        PutBack(ref reserve);
                        return false;
                    }

                    reserve.Put(page, level);
                    _pages++;
                }
            }
        }

        return true;
    }

    /// <summary>Returns pages that no walker ever saw.</summary>
    public void Return(ref TableReserve unused)
    {
        if (unused.Count != 0)
        {
            lock (_lock)
            {
                PutBack(ref unused);
            }
        }
    }

    /// <summary>Returns pages that were part of the table until their entries were cleared and invalidated.</summary>
    public void Free(ref TableReserve freed)
    {
        if (freed.Count != 0)
        {
            lock (_lock)
            {
                // Before any of them can be taken: who meets new words in one of them also meets the new epoch.
                Interlocked.Increment(ref _epoch);
                PutBack(ref freed);
            }
        }
    }

    /// <summary>Whether a page came from here.</summary>
    public bool Owns(TablePage page)
    {
        lock (_lock)
        {
            foreach (TableMemory block in _blocks)
            {
                if (block.Contains(page.Address))
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            foreach (TableMemory block in _blocks)
            {
                block.Dispose();
            }

            _blocks.Clear();
            _free = default;
            _freshPages = 0;
            Volatile.Write(ref _pages, 0);
        }
    }

    private bool TryTakeOne(int level, out TablePage page)
    {
        page = _free.Take(level);
        if (!page.IsNull)
        {
            return true;
        }

        if (_freshPages == 0)
        {
            int pages = (int)Math.Clamp(_pages, FirstBlockPages, LargestBlockPages);
            TableMemory? block = TableMemory.TryAllocate(pages);
            if (block is null)
            {
                return false;
            }

            _blocks.Add(block);
            _fresh = block.Start;
            _freshPages = pages;
        }

        page = new(_fresh);
        _fresh += (nint)PageSize.Size4K;
        _freshPages--;
        return true;
    }

    private void PutBack(ref TableReserve pages)
    {
        _pages -= pages.Count;
        pages.MoveTo(ref _free);
    }
}
