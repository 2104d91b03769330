// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Physr.Memory;

namespace Physr.Mm;

/// <summary>Where tables of 512 entries come from, each with a lock. They go back to the system with the pool, so that whoever follows an old pointer reads a table, if perhaps another
/// one's.</summary>
/// <remarks>A slab is 64 pages at a multiple of its size: 63 tables, and in the first page a line for each of them, found from the table's address alone.</remarks>
internal sealed unsafe class PageTablePool(IAllocationGate? gate) : IDisposable
{
    private const ulong SlabBytes = 64 * PageSize.Size4K;
    private const int TablesPerSlab = 63;
    private const int HeaderBytes = 64;

    private readonly Lock _lock = new();
    private readonly List<nint> _slabs = [];
    private ulong* _free;
    private int _unused;
    private long _outstanding;

    /// <summary>Tables in use.</summary>
    public long Outstanding => Volatile.Read(ref _outstanding);

    /// <summary>The lock of the table that an entry lies in: held to change entries, and to read them where the answer must stay true (the kernel's split page-table locks).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref int LockOf(ulong* entry)
    {
        // SAFETY: every entry lies in a table of a slab, whose first page is the headers.
        ulong address = (ulong)entry;
        return ref *(int*)((address & ~(SlabBytes - 1)) + (((address >> PageSize.Shift4K) & 63) * HeaderBytes));
    }

    /// <summary>A table of empty entries; null when memory runs out.</summary>
    /// <param name="isDeposited">Whether it was put aside beforehand, as the kernel does with each huge page, so that this cannot be where memory is short.</param>
    public ulong* TryTake(bool isDeposited = false)
    {
        if (!isDeposited && gate?.TryPass("page table") == false)
        {
            return null;
        }

        ulong* table;
        lock (_lock)
        {
            if (_free != null)
            {
                table = _free;
                _free = (ulong*)*table;
            }
            else
            {
                table = Cut();
            }

            _outstanding += table != null ? 1 : 0;
        }

        if (table != null)
        {
            // SAFETY: a table of ours that nobody else has.
            NativeMemory.Clear(table, (nuint)PageSize.Size4K);
        }

        return table;
    }

    /// <summary>Takes a table back; nobody walks it any more.</summary>
    public void Return(ulong* table)
    {
        lock (_lock)
        {
            *table = (ulong)_free;
            _free = table;
            _outstanding--;
        }
    }

    public void Dispose()
    {
        foreach (nint slab in _slabs)
        {
            // SAFETY: allocated by Cut, freed once.
            NativeMemory.AlignedFree((void*)slab);
        }

        _slabs.Clear();
        _free = null;
        _unused = 0;
    }

    private ulong* Cut()
    {
        if (_unused == 0)
        {
            try
            {
                void* slab = NativeMemory.AlignedAlloc((nuint)SlabBytes, (nuint)SlabBytes);

                // SAFETY: just allocated; the headers' locks are free.
                NativeMemory.Clear(slab, (nuint)PageSize.Size4K);
                _slabs.Add((nint)slab);
            }
            catch (OutOfMemoryException)
            {
                return null;
            }

            _unused = TablesPerSlab;
        }

        return (ulong*)(_slabs[^1] + ((nint)PageSize.Size4K * _unused--));
    }
}
