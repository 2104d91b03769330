// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <content>Synchronization: classes 13 to 18.</content>
public sealed partial class DmaDebugger
{
    /// <summary>One range was synchronized.</summary>
    /// <param name="device">Whose.</param>
    /// <param name="address">The first byte.</param>
    /// <param name="length">How many; zero is no mistake.</param>
    /// <param name="direction">Which way, as the caller says.</param>
    /// <param name="isForCpu">Whether for the CPU; otherwise for the device.</param>
    public void OnSync(DmaDevice device, DmaAddress address, ulong length, DmaDirection direction, bool isForCpu)
    {
        lock (_lock)
        {
            DmaDebugDevice known = Begin(device);
            if (IsEnabled)
            {
                _recorder?.Synced(device, address, length, direction, isForCpu);
                CheckSync(known, address.Value, length, direction, isForCpu);
            }
        }
    }

    /// <summary>A list was synchronized.</summary>
    /// <param name="device">Whose.</param>
    /// <param name="segments">As many as the caller gave entries; only those that the list has segments count.</param>
    /// <param name="direction">Which way, as the caller says.</param>
    /// <param name="isForCpu">Whether for the CPU; otherwise for the device.</param>
    public void OnSyncList(DmaDevice device, ReadOnlySpan<DmaRange> segments, DmaDirection direction, bool isForCpu)
    {
        lock (_lock)
        {
            DmaDebugDevice known = Begin(device);
            if (!IsEnabled || segments.IsEmpty)
            {
                return;
            }

            _recorder?.ListSynced(device, segments, direction, isForCpu);
            int index = FindOver(known, segments[0].Start.Value, segments[0].Length, direction);
            int count = segments.Length;
            if (index != 0 && _table[index].Kind == DmaMapKind.List)
            {
                ref DmaDebugEntry entry = ref _table[index];
                count = Math.Min(count, entry.ListSegments);
                if (entry.ListEntries != segments.Length)
                {
                    Report(
                        known, DmaDebugError.SyncListDifferentCount, entry.Start, entry.Size, $"{entry.ListEntries} entries, as mapped", $"synced with {segments.Length} entries",
                        index);
                }
            }

            for (int i = 0; i < count; i++)
            {
                CheckSync(known, segments[i].Start.Value, segments[i].Length, direction, isForCpu);
            }
        }
    }

    private void CheckSync(DmaDebugDevice device, ulong start, ulong length, DmaDirection direction, bool isForCpu)
    {
        if (length == 0)
        {
            return;
        }

        int index = FindOver(device, start, length, direction);
        if (index == 0)
        {
            ReportNotMapped(device, DmaDebugError.SyncNeverAllocated, start, length);
            return;
        }

        ref DmaDebugEntry entry = ref _table[index];
        if (length > entry.End - start)
        {
            Report(device, DmaDebugError.SyncOutsideRange, start, length, $"within 0x{entry.Start:x}+{entry.Size}", $"synced {length} bytes", index);
        }

        if (entry.Is(DmaDebugEntryFlags.Revoked))
        {
            Report(device, DmaDebugError.UseAfterRevoke, start, length, "no use until it is mapped anew", $"synced {length} bytes", index);
        }

        if (entry.Direction == DmaDirection.Bidirectional || entry.Direction == direction)
        {
            return;
        }

        string mapped = $"{DmaDebugWords.Of(entry.Direction)}, as mapped";
        string synced = $"synced {DmaDebugWords.Of(direction)}";
        Report(device, DmaDebugError.SyncDifferentDirection, start, length, mapped, synced, index);

        if (isForCpu && entry.Direction != DmaDirection.FromDevice && direction != DmaDirection.ToDevice)
        {
            Report(device, DmaDebugError.SyncForCpuOfDeviceReadOnly, start, length, mapped, $"{synced} for the CPU", index);
        }

        if (!isForCpu && entry.Direction != DmaDirection.ToDevice && direction != DmaDirection.FromDevice)
        {
            Report(device, DmaDebugError.SyncForDeviceOfDeviceWriteOnly, start, length, mapped, $"{synced} for the device", index);
        }
    }

    /// <summary>The live mapping that holds the first byte and fits best; 0 for none. A reservation holds nothing by itself.</summary>
    private int FindOver(DmaDebugDevice device, ulong start, ulong length, DmaDirection direction)
    {
        int best = 0;
        int bestFit = -1;
        for (int i = _table.FirstOver(device, start, start + 1); i != 0; i = _table.NextOver(device, start, start + 1, i))
        {
            ref DmaDebugEntry entry = ref _table[i];
            if (entry.Kind == DmaMapKind.Reservation)
            {
                continue;
            }

            int fit = (length <= entry.End - start ? 4 : 0)
                + (entry.Is(DmaDebugEntryFlags.Revoked) ? 0 : 2)
                + (entry.Direction == direction || entry.Direction == DmaDirection.Bidirectional ? 1 : 0);
            if (fit > bestFit)
            {
                bestFit = fit;
                best = i;
            }
        }

        return best;
    }
}
