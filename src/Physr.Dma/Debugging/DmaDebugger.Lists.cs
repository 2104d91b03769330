// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <content>Lists: each segment is an entry, tied to the others.</content>
public sealed partial class DmaDebugger
{
    private bool _hasCutLists;
    private DmaRange[] _segments = new DmaRange[64];
    private PhysicalAddress[] _memory = new PhysicalAddress[64];

    /// <summary>A list was mapped.</summary>
    /// <param name="list">The list; one without segments is not followed.</param>
    public void OnMapList(in DmaDebugList list)
    {
        lock (_lock)
        {
            AddList(Begin(list.Device), list);
        }
    }

    /// <summary>A list was mapped whose segments are cut while they are read.</summary>
    /// <param name="device">Whose.</param>
    /// <param name="memory">The bytes.</param>
    /// <param name="addresses">Where the device finds them.</param>
    /// <param name="direction">Which way they may go.</param>
    /// <param name="attributes">What else was said.</param>
    public void OnMapList(DmaDevice device, RangeList memory, DmaRangeList addresses, DmaDirection direction, DmaAttributes attributes = DmaAttributes.None)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(addresses);
        lock (_lock)
        {
            DmaDebugDevice known = Begin(device);
            int segments = 0;
            EnsureRoom(ref _segments, addresses.EntryCount);
            foreach (DmaEntry entry in addresses)
            {
                _segments[segments++] = entry.Range;
            }

            AddList(known, new()
            {
                Device = device,
                Segments = _segments.AsSpan(0, segments),
                Memory = StartsOf(memory, out bool hasPeers),
                HasPeers = hasPeers,
                Direction = direction,
                Attributes = attributes,
            });
        }
    }

    /// <summary>A list was unmapped.</summary>
    /// <param name="device">Whose.</param>
    /// <param name="memory">Where each entry begins in physical memory: as many as the caller gave, though their first decides which list it is.</param>
    /// <param name="direction">Which way, as the caller says.</param>
    /// <param name="attributes">What else the caller says; null where the call has none.</param>
    /// <param name="first">The first address of the device, where that is known: it then decides which list it is.</param>
    public void OnUnmapList(
        DmaDevice device, ReadOnlySpan<PhysicalAddress> memory, DmaDirection direction, DmaAttributes? attributes = null, DmaAddress? first = null)
    {
        lock (_lock)
        {
            RemoveList(Begin(device), memory, direction, attributes, first);
        }
    }

    /// <summary>A list was unmapped, of which both sides are known.</summary>
    public void OnUnmapList(DmaDevice device, RangeList memory, DmaRangeList addresses, DmaDirection direction, DmaAttributes? attributes = null)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(addresses);
        lock (_lock)
        {
            RemoveList(Begin(device), StartsOf(memory, out _), direction, attributes, addresses.IsEmpty ? null : addresses.Seek(0).Range.Start);
        }
    }

    private static void EnsureRoom<T>(ref T[] scratch, int count)
    {
        if (scratch.Length < count)
        {
            Array.Resize(ref scratch, Math.Max(count, 2 * scratch.Length));
        }
    }

    private ReadOnlySpan<PhysicalAddress> StartsOf(RangeList memory, out bool hasPeers)
    {
        int entries = 0;
        hasPeers = false;
        EnsureRoom(ref _memory, memory.EntryCount);
        foreach (ProvidedRange entry in memory)
        {
            _memory[entries++] = entry.Range.Start;
            hasPeers |= !entry.Provider.IsRam;
        }

        return _memory.AsSpan(0, entries);
    }

    private void AddList(DmaDebugDevice device, in DmaDebugList list)
    {
        if (!IsEnabled)
        {
            return;
        }

        // Where the IOMMU merged entries, only the first byte's memory is known.
        bool isOneToOne = list.Segments.Length == list.Memory.Length;
        for (int i = 0; i < list.Segments.Length; i++)
        {
            DmaRange range = list.Segments[i];
            CheckMemory(device, DmaMapKind.List, range, isMmio: false, Classify(MemoryOf(list, i, isOneToOne), range.Length, list.HasPeers ? DmaMemoryKinds.Invalid : DmaMemoryKinds.Unknown));
        }

        _hasCutLists |= list.AllEntries > list.Memory.Length;
        _recorder?.ListMapped(list);
        int first = -1;
        int last = 0;
        for (int i = 0; i < list.Segments.Length; i++)
        {
            DmaRange range = list.Segments[i];
            if (range.IsEmpty)
            {
                continue;
            }

            DmaDebugEntry entry = NewEntry(device, DmaMapKind.List, range, MemoryOf(list, i, isOneToOne), list.Direction, list.Attributes);
            entry.Part = i;
            entry.ListEntries = Math.Max(list.AllEntries, list.Memory.Length);
            entry.ListSegments = list.Segments.Length;
            entry.ListFirst = first;
            entry.Flags = first < 0 ? DmaDebugEntryFlags.ListHead : DmaDebugEntryFlags.None;
            CheckSegment(device, list, range);
            CheckOverlap(entry);
            if (!TryAdd(entry, out int index))
            {
                return;
            }

            if (last != 0)
            {
                _table[last].ListNext = index;
            }

            first = first < 0 ? index : first;
            last = index;
            CountLine(ref _table[index], (list.Attributes & DmaAttributes.Mmio) != DmaAttributes.None);
        }
    }

    private static PhysicalAddress? MemoryOf(in DmaDebugList list, int segment, bool isOneToOne) =>
        segment < list.Memory.Length && (isOneToOne || segment == 0) ? list.Memory[segment] : null;

    private void CheckSegment(DmaDebugDevice device, in DmaDebugList list, DmaRange range)
    {
        SegmentLimits limits = list.Device.Limits;
        if (!list.AreCut)
        {
            return;
        }

        if (limits.MaxSegmentSize != 0 && range.Length > limits.MaxSegmentSize)
        {
            Report(
                device, DmaDebugError.SegmentTooLong, range.Start.Value, range.Length, $"at most {limits.MaxSegmentSize} bytes", $"a segment of {range.Length} bytes", 0);
        }

        if (limits.BoundaryMask != 0 && ((range.Start.Value ^ range.Last.Value) & ~limits.BoundaryMask) != 0)
        {
            Report(
                device, DmaDebugError.SegmentCrossesBoundary, range.Start.Value, range.Length, $"no segment across a multiple of 0x{limits.BoundaryMask:x} + 1", $"segment {range}", 0);
        }
    }

    private void RemoveList(DmaDebugDevice device, ReadOnlySpan<PhysicalAddress> memory, DmaDirection direction, DmaAttributes? attributes, DmaAddress? first)
    {
        if (!IsEnabled || memory.IsEmpty)
        {
            return;
        }

        _recorder?.ListUnmapped(device.Device, memory, direction, attributes);
        int index = first is { } address ? Find(device, address.Value, 0, DmaMapKind.List, direction, memory.Length) : FindList(device, memory[0].Value, memory.Length, direction);
        if (index == 0)
        {
            ReportNotMapped(device, DmaDebugError.FreeNeverAllocated, first?.Value ?? memory[0].Value, 0, isMemory: first is null);
            return;
        }

        ref DmaDebugEntry entry = ref _table[index];
        if (entry.Kind == DmaMapKind.List && entry.ListEntries != memory.Length)
        {
            Report(
                device, DmaDebugError.FreeListDifferentCount, entry.Start, entry.Size, $"{entry.ListEntries} entries, as mapped", $"unmapped with {memory.Length} entries", index);
        }

        CheckUnmap(device, index, DmaMapKind.List, entry.Start, entry.Size, direction, attributes, 0);
        Remove(index);
    }

    private int FindList(DmaDebugDevice device, ulong memory, int entries, DmaDirection direction)
    {
        int best = 0;
        int bestFit = -1;
        for (int i = _table.FirstOf(memory); i != 0; i = _table.NextOf(i))
        {
            ref DmaDebugEntry entry = ref _table[i];
            if (entry.Memory != memory || entry.Device != device)
            {
                continue;
            }

            int fit = (entry.ListEntries == entries ? 2 : 0) + (entry.Direction == direction ? 1 : 0);
            if (fit > bestFit)
            {
                bestFit = fit;
                best = i;
            }
        }

        return best;
    }
}
