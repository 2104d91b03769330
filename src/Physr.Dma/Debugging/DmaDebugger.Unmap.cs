// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <content>Mappings that end.</content>
public sealed partial class DmaDebugger
{
    /// <summary>Something but a list was unmapped or freed. Feed it before the mapper gives the addresses away, so that the next owner does not seem to overlap.</summary>
    /// <param name="device">Whose.</param>
    /// <param name="kind">By which function.</param>
    /// <param name="address">Where it was mapped, as the caller says.</param>
    /// <param name="length">How many bytes, as the caller says.</param>
    /// <param name="direction">Which way, as the caller says; not compared for coherent buffers, which have none.</param>
    /// <param name="attributes">What else the caller says; null where the call has none.</param>
    /// <param name="cpuAddress">Of a coherent buffer, where the CPU found it; 0 is not compared.</param>
    /// <returns>Whether something mapped ended with it, rightly or not.</returns>
    public bool OnUnmap(
        DmaDevice device, DmaMapKind kind, DmaAddress address, ulong length, DmaDirection direction, DmaAttributes? attributes = null, ulong cpuAddress = 0)
    {
        lock (_lock)
        {
            DmaDebugDevice known = Begin(device);
            if (!IsEnabled)
            {
                return false;
            }

            _recorder?.Unmapped(device, kind, address, length, direction, attributes, cpuAddress);
            if (address == DmaAddress.MappingError)
            {
                Report(known, DmaDebugError.FreeOfErrorAddress, address.Value, length, "the address of a map that succeeded", "the error value", 0);
                return false;
            }

            int index = Find(known, address.Value, length, kind, direction, 0);
            if (length == 0)
            {
                Report(known, DmaDebugError.UnmapOfZeroLength, address.Value, 0, index == 0 ? "the mapped size" : $"{_table[index].Size} bytes, as mapped", "unmapped 0 bytes", index);
            }
            else if (index == 0)
            {
                ReportNotMapped(known, DmaDebugError.FreeNeverAllocated, address.Value, length);
            }
            else
            {
                CheckUnmap(known, index, kind, address.Value, length, direction, attributes, cpuAddress);
                Remove(index);
                return true;
            }

            return false;
        }
    }

    /// <summary>The mapper refused the latest unmap at an address: what was mapped there still is.</summary>
    public void OnUnmapRefused(DmaDevice device, DmaAddress address)
    {
        lock (_lock)
        {
            DmaDebugDevice known = Begin(device);
            if (!IsEnabled)
            {
                return;
            }

            _recorder?.UnmapRefused(device, address);
            if (!TryRecall(known, address.Value, isStart: true, out RememberedUnmap past) || past.Entry.Kind == DmaMapKind.List)
            {
                return;
            }

            DmaDebugEntry entry = past.Entry;
            bool wasCounted = entry.Is(DmaDebugEntryFlags.LineCounted);
            entry.Flags &= ~(DmaDebugEntryFlags.LineCounted | DmaDebugEntryFlags.Unchecked);
            if (TryAdd(entry, out int index) && wasCounted)
            {
                CountLine(ref _table[index], isMmio: false);
            }
        }
    }

    /// <summary>A driver asked whether a map had failed (<c>dma_mapping_error</c>).</summary>
    public void OnMappingErrorChecked(DmaDevice device, DmaAddress address)
    {
        lock (_lock)
        {
            DmaDebugDevice known = Begin(device);
            if (!IsEnabled)
            {
                return;
            }

            _recorder?.MappingErrorChecked(device, address);
            // One page may be mapped several times at one address: each question answers for one of them, the oldest, which will also be the first to be unmapped.
            int oldest = 0;
            for (int i = _table.FirstAt(address.Value); i != 0; i = _table.NextAt(i))
            {
                ref DmaDebugEntry entry = ref _table[i];
                oldest = entry.Start == address.Value && entry.Device == known && entry.Is(DmaDebugEntryFlags.Unchecked) ? i : oldest;
            }

            if (oldest != 0)
            {
                _table[oldest].Flags &= ~DmaDebugEntryFlags.Unchecked;
            }
        }
    }

    private void CheckUnmap(
        DmaDebugDevice device, int index, DmaMapKind kind, ulong address, ulong length, DmaDirection direction, DmaAttributes? attributes, ulong cpuAddress)
    {
        ref DmaDebugEntry entry = ref _table[index];
        if (entry.Size != length && kind != DmaMapKind.List)
        {
            Report(device, DmaDebugError.FreeDifferentSize, address, length, $"{entry.Size} bytes, as mapped", $"unmapped {length} bytes", index);
        }

        if (entry.Kind != kind)
        {
            Report(device, DmaDebugError.FreeWrongFunction, address, length, $"{DmaDebugWords.Of(entry.Kind)}, as mapped", $"unmapped as {DmaDebugWords.Of(kind)}", index);
        }
        else if (kind == DmaMapKind.Coherent && cpuAddress != 0 && entry.CpuAddress != 0 && cpuAddress != entry.CpuAddress)
        {
            Report(
                device, DmaDebugError.FreeDifferentCpuAddress, address, length, $"CPU address 0x{entry.CpuAddress:x}, as allocated", $"freed at CPU address 0x{cpuAddress:x}", index);
        }

        if (kind != DmaMapKind.Coherent && entry.Direction != direction)
        {
            Report(
                device, DmaDebugError.FreeDifferentDirection, address, length, $"{DmaDebugWords.Of(entry.Direction)}, as mapped", $"unmapped {DmaDebugWords.Of(direction)}", index);
        }

        if (attributes is { } said && ((said ^ entry.Attributes) & _options.ComparedAttributes) != DmaAttributes.None)
        {
            Report(device, DmaDebugError.FreeDifferentAttributes, address, length, $"{entry.Attributes}, as mapped", $"unmapped with {said}", index);
        }

        if (entry.Is(DmaDebugEntryFlags.Unchecked) && _options.RequiresErrorChecks)
        {
            Report(device, DmaDebugError.MapErrorNotChecked, address, length, "a check of the address before its use", "no check", index);
        }
    }
}
