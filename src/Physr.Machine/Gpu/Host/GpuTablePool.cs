// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Host;

/// <summary>Memory for page tables: taken 2 MiB at a time while there is as much in one piece, else page by page, and kept until the end.</summary>
internal sealed class GpuTablePool(GpuMemoryAllocator memory) : IDisposable
{
    private const string Purpose = "GPU page tables";

    private readonly Stack<GpuTable> _free = new();
    private readonly List<(ulong Offset, int Order)> _held = [];

    /// <summary>Tables in use.</summary>
    public int Outstanding { get; private set; }

    /// <summary>Takes a table, whose entries are all zero here and undefined in the GPU's memory; null where there is no memory.</summary>
    public GpuTable? Take(int level)
    {
        if (_free.Count == 0 && !TryGrow(GpuMemoryAllocator.BlockOrder) && !TryGrow(0))
        {
            return null;
        }

        GpuTable table = _free.Pop();
        table.Level = level;
        Outstanding++;
        return table;
    }

    /// <summary>Gives a table back.</summary>
    public void Return(GpuTable table)
    {
        Array.Clear(table.Entries);
        table.Used = 0;
        Outstanding--;
        _free.Push(table);
    }

    public void Dispose()
    {
        foreach ((ulong offset, int order) in _held)
        {
            memory.Free(offset, order);
        }

        _held.Clear();
        _free.Clear();
    }

    private bool TryGrow(int order)
    {
        if (memory.TryAllocate(order, Purpose, out ulong offset, isPinned: true) != Errno.None)
        {
            return false;
        }

        _held.Add((offset, order));
        for (int page = (1 << order) - 1; page >= 0; page--)
        {
            _free.Push(new() { Offset = offset + ((ulong)page * PageSize.Size4K) });
        }

        return true;
    }
}
