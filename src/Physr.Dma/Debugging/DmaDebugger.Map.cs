// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <content>Mappings that begin.</content>
public sealed partial class DmaDebugger
{
    // The kernel counts overlaps in three tag bits of a radix tree.
    private const int MostLineOverlaps = 7;

    private readonly Dictionary<ulong, int> _lines = [];

    /// <summary>Something but a list was mapped, or allocated for DMA. A map that failed is no event.</summary>
    /// <param name="device">Whose.</param>
    /// <param name="kind">By which function; not <see cref="DmaMapKind.List"/>, <see cref="DmaMapKind.Reservation"/> or <see cref="DmaMapKind.Linked"/>.</param>
    /// <param name="range">Where the device finds it; an empty one is not followed.</param>
    /// <param name="memory">The first byte in physical memory; null where that is not known.</param>
    /// <param name="direction">Which way the bytes may go.</param>
    /// <param name="attributes">What else was said.</param>
    /// <param name="cpuAddress">Of a coherent buffer, where the CPU finds it, to be the same at the free; 0 is not compared.</param>
    public void OnMap(
        DmaDevice device, DmaMapKind kind, DmaRange range, PhysicalAddress? memory, DmaDirection direction, DmaAttributes attributes = DmaAttributes.None, ulong cpuAddress = 0)
    {
        if (kind is DmaMapKind.List or DmaMapKind.Reservation or DmaMapKind.Linked)
        {
            throw new ArgumentOutOfRangeException(nameof(kind), kind, "Lists and reservations have events of their own.");
        }

        lock (_lock)
        {
            DmaDebugDevice known = Begin(device);
            if (!IsEnabled)
            {
                return;
            }

            bool isStreaming = kind is DmaMapKind.Page or DmaMapKind.Physical or DmaMapKind.Resource;
            DmaMemoryKinds memoryKinds = isStreaming ? Classify(memory, range.Length) : DmaMemoryKinds.Unknown;
            _recorder?.Mapped(new(device, kind, range, memory, direction, attributes, 0, _event), cpuAddress);
            if (range.IsEmpty)
            {
                return;
            }

            bool isMmio = (attributes & DmaAttributes.Mmio) != DmaAttributes.None || kind == DmaMapKind.Resource;
            CheckMemory(known, kind, range, isMmio, memoryKinds);
            DmaDebugEntry entry = NewEntry(known, kind, range, memory, direction, attributes);
            entry.CpuAddress = cpuAddress;
            entry.Flags = isStreaming ? DmaDebugEntryFlags.Unchecked : DmaDebugEntryFlags.None;
            CheckOverlap(entry);
            if (TryAdd(entry, out int index))
            {
                CountLine(ref _table[index], isMmio);
            }
        }
    }

    private DmaDebugEntry NewEntry(DmaDebugDevice device, DmaMapKind kind, DmaRange range, PhysicalAddress? memory, DmaDirection direction, DmaAttributes attributes) => new()
    {
        Device = device,
        Kind = kind,
        Start = range.Start.Value,
        Size = range.Length,
        Memory = memory?.Value ?? DmaDebugEntry.NoMemory,
        Direction = direction,
        Attributes = attributes,
        Event = _event,
    };

    private DmaMemoryKinds Classify(PhysicalAddress? memory, ulong length, DmaMemoryKinds without = DmaMemoryKinds.Unknown)
    {
        if (_options.Classifier is null || memory is null || !PhysicalRange.TryCreate(memory.Value, length, out PhysicalRange range) || range.IsEmpty)
        {
            return DmaMemoryKinds.Unknown;
        }

        DmaMemoryKinds kinds = _options.Classifier.Classify(range) & ~without;
        if (kinds != DmaMemoryKinds.Unknown)
        {
            _recorder?.MemoryClassified(range, kinds);
        }

        return kinds;
    }

    /// <summary>Classes 11, 12, 21 to 23 and 25. A list carries the owner of each entry, so that a device's memory in it is as it should be.</summary>
    private void CheckMemory(DmaDebugDevice device, DmaMapKind kind, DmaRange range, bool isMmio, DmaMemoryKinds memory)
    {
        if (memory == DmaMemoryKinds.Unknown)
        {
            return;
        }

        DmaDebugError error = memory switch
        {
            _ when (memory & DmaMemoryKinds.Stack) != DmaMemoryKinds.Unknown => DmaDebugError.MapFromStack,
            _ when (memory & DmaMemoryKinds.KernelText) != DmaMemoryKinds.Unknown => DmaDebugError.MapOfKernelText,
            _ when (memory & DmaMemoryKinds.Vmalloc) != DmaMemoryKinds.Unknown => DmaDebugError.MapOfVmallocArea,
            _ when (memory & DmaMemoryKinds.Invalid) != DmaMemoryKinds.Unknown => DmaDebugError.MapOfInvalidArea,
            _ when isMmio && (memory & DmaMemoryKinds.Ram) != DmaMemoryKinds.Unknown => DmaDebugError.MmioMapOfRam,
            _ when kind == DmaMapKind.Page && (memory & DmaMemoryKinds.ZoneDevice) != DmaMemoryKinds.Unknown => DmaDebugError.MapOfZoneDevicePage,
            _ when !isMmio && kind != DmaMapKind.List && (memory & DmaMemoryKinds.Mmio) != DmaMemoryKinds.Unknown => DmaDebugError.MapOfInvalidArea,
            _ => DmaDebugError.None,
        };
        if (error != DmaDebugError.None)
        {
            Report(device, error, range.Start.Value, range.Length, isMmio ? "memory of a device" : "RAM that the kernel maps linearly", $"memory: {memory}", 0);
        }
    }

    /// <summary>P9: the addresses are in use already, and mean other memory. Without an IOMMU one page may be mapped many times; all of them mean the same.</summary>
    private void CheckOverlap(in DmaDebugEntry entry)
    {
        int other = _table.FirstOver(entry.Device, entry.Start, entry.End);
        while (other != 0)
        {
            ref DmaDebugEntry live = ref _table[other];
            bool isKnownSame = live.Memory != DmaDebugEntry.NoMemory && entry.Memory != DmaDebugEntry.NoMemory && live.Memory - live.Start == entry.Memory - entry.Start;
            bool isOwnReservation = entry.Kind == DmaMapKind.Linked
                && (live.Kind == DmaMapKind.Reservation ? live.Start == entry.CpuAddress : live.Kind == DmaMapKind.Linked && live.CpuAddress == entry.CpuAddress);
            bool isSame = isKnownSame && entry.Kind != DmaMapKind.Reservation && live.Kind != DmaMapKind.Reservation;
            if (isSame || isOwnReservation || live.Is(DmaDebugEntryFlags.Ending))
            {
                other = _table.NextOver(entry.Device, entry.Start, entry.End, other);
            }
            else if (live.Event < _lastLoss)
            {
                // Its unmap was among the lost events.
                Remove(other);
                other = _table.FirstOver(entry.Device, entry.Start, entry.End);
            }
            else
            {
                Report(
                    entry.Device, DmaDebugError.OverlappingAddresses, entry.Start, entry.Size, "addresses that are free",
                    $"mapped {entry.Size} bytes over 0x{live.Start:x}+{live.Size}", other);
                return;
            }
        }
    }

    /// <summary>Class 24, by the first line of each mapping that the device may write, as the kernel does it.</summary>
    private void CountLine(ref DmaDebugEntry entry, bool isMmio)
    {
        if (_options.CachelineBytes == 0 || entry.Direction == DmaDirection.ToDevice || entry.Memory == DmaDebugEntry.NoMemory || isMmio)
        {
            return;
        }

        if (_lines.Count == _lines.Capacity && _options.AllocationGate?.TryPass("dma-debug cache lines") == false)
        {
            Disable("out of memory for cache lines");
            return;
        }

        ref int count = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_lines, LineOf(entry.Memory), out bool isShared);
        count++;
        entry.Flags |= DmaDebugEntryFlags.LineCounted;
        bool isAllowed = (entry.Attributes & (DmaAttributes.DebuggingIgnoreCachelines | DmaAttributes.SkipCpuSync)) != DmaAttributes.None;
        if (isShared && !isAllowed)
        {
            string actual = count - 1 > MostLineOverlaps
                ? $"memory 0x{entry.Memory:x} is the {count}th mapping of its line: more than {MostLineOverlaps} overlaps are not supported"
                : $"memory 0x{entry.Memory:x} shares its line with {count - 1} mapped already";
            Report(entry.Device, DmaDebugError.CachelineOverlap, entry.Start, entry.Size, "a line of its own until it is unmapped", actual, 0);
        }
    }

    private void UncountLine(ulong memory)
    {
        ulong line = LineOf(memory);
        ref int count = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrNullRef(_lines, line);
        if (--count == 0)
        {
            _lines.Remove(line);
        }
    }

    private ulong LineOf(ulong memory) => memory / (ulong)_options.CachelineBytes;
}
