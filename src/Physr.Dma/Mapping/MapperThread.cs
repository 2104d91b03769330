// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Dma.Iommu;

namespace Physr.Dma.Mapping;

/// <summary>What a thread keeps between mapping calls, so that they allocate nothing: a gather, room to note bounce slots, and its tallies.</summary>
internal sealed class MapperThread
{
    // As many as a byte tells apart. More devices on one thread than this share their buckets, and count with atomic instructions then.
    private const int Tallies = 256;

    [ThreadStatic]
    private static MapperThread? t_current;

    private TallyTable _tallies;
    private PhysicalAddress[] _slots = new PhysicalAddress[2];
    private int _slotCount;

    /// <summary>The calling thread's.</summary>
    public static MapperThread Current
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => t_current ?? Create();
    }

    /// <summary>The thread's number among those that allocate IO virtual addresses.</summary>
    public int Number { get; } = Iova.IovaThreadSlot.Ensure();

    /// <summary>Empty between calls.</summary>
    public IotlbGather Gather { get; } = new();

    /// <summary>The bounce slots noted.</summary>
    public ReadOnlySpan<PhysicalAddress> Slots => _slots.AsSpan(0, _slotCount);

    /// <summary>Notes a bounce slot that is to be released once no device reaches it.</summary>
    public void NoteSlot(PhysicalAddress slot)
    {
        if (_slotCount == _slots.Length)
        {
            Array.Resize(ref _slots, _slotCount * 2);
        }

        _slots[_slotCount++] = slot;
    }

    /// <summary>Forgets the slots noted.</summary>
    public void ForgetSlots() => _slotCount = 0;

    /// <summary>Counts mappings and the bytes in them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Count(DmaMapper mapper, DmaDevice device, long mappings, long bytes)
    {
        MappingTally? tally = _tallies[Bucket(mapper, device)];
        if (tally is not null && tally.IsOf(device.Ordinal, mapper.Ordinal))
        {
            tally.Add(mappings, bytes);
        }
        else
        {
            CountFirst(mapper, device, mappings, bytes);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static MapperThread Create() => t_current = new();

    private static byte Bucket(DmaMapper mapper, DmaDevice device) => (byte)(device.Ordinal ^ (mapper.Ordinal << 4));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void CountFirst(DmaMapper mapper, DmaDevice device, long mappings, long bytes)
    {
        byte bucket = Bucket(mapper, device);
        if (_tallies[bucket] is not null)
        {
            mapper.Counted.AddShared(mappings, bytes);
            device.Counted.AddShared(mappings, bytes);
            return;
        }

        MappingTally tally = new(device.Ordinal, mapper.Ordinal);
        tally.Add(mappings, bytes);
        mapper.Counted.Add(tally);
        device.Counted.Add(tally);
        _tallies[bucket] = tally;
    }

    [InlineArray(Tallies)]
    private struct TallyTable
    {
        private MappingTally? _first;
    }
}
