// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Physr.Dma.Mapping;

/// <summary>For each run of IO virtual addresses in use, a <see cref="MappingRecord"/> at its first granule: a sparse table of 16 bytes a granule, in chunks of 512.</summary>
/// <remarks>A record is read and written by whoever owns the run, as the allocator saw to; chunks are made when an address in them is first used and stay. So the common path takes two
/// loads, no lock and no allocation, and needs no walk of the page table to tell what an address is.</remarks>
internal sealed class MappingLedger
{
    private const int ChunkShift = 9;
    private const int WindowShift = 20;
    private const int ChunkMask = (1 << ChunkShift) - 1;
    private const int WindowMask = (1 << (WindowShift - ChunkShift)) - 1;

    // Stands for every record that there is none of; it is never opened.
    private static readonly MappingRecord[] s_none = new MappingRecord[1];

    private readonly int _granuleShift;

    // The lowest 2^20 granules, where IO virtual addresses are looked for first; those above hang in windows of that many each.
    private readonly MappingRecord[]?[] _low = new MappingRecord[]?[WindowMask + 1];
    private readonly ConcurrentDictionary<ulong, MappingRecord[]?[]> _high = [];

    public MappingLedger(ulong granule) => _granuleShift = BitOperations.TrailingZeroCount(granule);

    /// <summary>The record of a run that begins at a granule.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref MappingRecord Open(DmaAddress start)
    {
        ulong granule = start.Value >> _granuleShift;
        MappingRecord[]?[] window = granule >> WindowShift == 0 ? _low : MakeWindow(granule >> WindowShift);
        MappingRecord[] chunk = Volatile.Read(ref window[(int)(granule >> ChunkShift) & WindowMask]) ?? MakeChunk(window, (int)(granule >> ChunkShift) & WindowMask);
        return ref chunk[(int)granule & ChunkMask];
    }

    /// <summary>The record of a run that begins at a granule; one of nothing where no run ever did.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref MappingRecord Find(DmaAddress start)
    {
        ulong granule = start.Value >> _granuleShift;
        MappingRecord[]?[]? window = granule >> WindowShift == 0 ? _low : FindWindow(granule >> WindowShift);
        MappingRecord[]? chunk = window is null ? null : Volatile.Read(ref window[(int)(granule >> ChunkShift) & WindowMask]);
        if (chunk is null)
        {
            return ref s_none[0];
        }

        return ref chunk[(int)granule & ChunkMask];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private MappingRecord[]?[]? FindWindow(ulong number) => _high.GetValueOrDefault(number);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private MappingRecord[]?[] MakeWindow(ulong number) => FindWindow(number) ?? _high.GetOrAdd(number, static _ => new MappingRecord[]?[WindowMask + 1]);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static MappingRecord[] MakeChunk(MappingRecord[]?[] window, int index)
    {
        MappingRecord[] made = new MappingRecord[ChunkMask + 1];
        return Interlocked.CompareExchange(ref window[index], made, null) ?? made;
    }
}
