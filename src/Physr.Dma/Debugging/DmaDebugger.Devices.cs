// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <content>What devices and exporters do.</content>
public sealed partial class DmaDebugger
{
    /// <summary>A device read or wrote through its translation.</summary>
    /// <param name="device">Who.</param>
    /// <param name="range">Where, as it put it on the bus; an empty one is no access.</param>
    /// <param name="isWrite">Whether it wrote.</param>
    public void OnDeviceAccess(DmaDevice device, DmaRange range, bool isWrite)
    {
        lock (_lock)
        {
            DmaDebugDevice known = Begin(device);
            if (!IsEnabled)
            {
                return;
            }

            _recorder?.Accessed(device, range, isWrite);
            ulong at = range.Start.Value;
            while (at < range.End.Value)
            {
                int index = FindOver(known, at, range.End.Value - at, isWrite ? DmaDirection.FromDevice : DmaDirection.ToDevice);
                if (index == 0)
                {
                    ReportLate(known, at, range.End.Value - at, isWrite);
                    return;
                }

                if (!CheckAccess(known, index, at, range, isWrite))
                {
                    return;
                }

                at = _table[index].End;
            }
        }
    }

    /// <summary>An exporter took back what a device has mapped there: no access and no sync after this is right; the unmap is.</summary>
    public void OnRevoke(DmaDevice device, DmaRange range)
    {
        lock (_lock)
        {
            DmaDebugDevice known = Begin(device);
            if (!IsEnabled)
            {
                return;
            }

            _recorder?.Revoked(device, range);
            ulong end = range.End.Value;
            for (int i = _table.FirstOver(known, range.Start.Value, end); i != 0; i = _table.NextOver(known, range.Start.Value, end, i))
            {
                _table[i].Flags |= DmaDebugEntryFlags.Revoked;
            }
        }
    }

    /// <summary>A driver left its device: what is still mapped is a leak (class 1), reported once with the count and a sample; it stays known.</summary>
    public void OnDriverUnbind(DmaDevice device)
    {
        lock (_lock)
        {
            DmaDebugDevice known = Begin(device);
            if (!IsEnabled)
            {
                return;
            }

            _recorder?.DriverUnbound(device);
            if (TryMeasure(known, out DmaLeak? leak))
            {
                Report(known, DmaDebugError.LeakAtUnbind, leak.Sample.Range.Start.Value, leak.Bytes, "nothing mapped any more", $"{leak.Count} mapped, for one {leak.Sample}", leak.Sample);
            }

            known.Driver = null;
        }
    }

    private bool CheckAccess(DmaDebugDevice device, int index, ulong at, DmaRange range, bool isWrite)
    {
        ref DmaDebugEntry entry = ref _table[index];
        ulong length = Math.Min(range.End.Value, entry.End) - at;
        DmaDebugError error = entry.Is(DmaDebugEntryFlags.Revoked) ? DmaDebugError.UseAfterRevoke
            : entry.Direction == (isWrite ? DmaDirection.ToDevice : DmaDirection.FromDevice) ? DmaDebugError.AccessDifferentDirection
            : entry.Kind == DmaMapKind.Linked && !entry.Is(DmaDebugEntryFlags.Synced) ? DmaDebugError.AccessBeforeSync
            : DmaDebugError.None;
        if (error == DmaDebugError.None)
        {
            return true;
        }

        string expected = error switch
        {
            DmaDebugError.UseAfterRevoke => "no use until it is mapped anew",
            DmaDebugError.AccessBeforeSync => "a sync of the reservation before",
            _ => $"{DmaDebugWords.Of(entry.Direction)}, as mapped",
        };
        Report(device, error, at, length, expected, Accessed(length, isWrite), index);
        return false;
    }

    private void ReportLate(DmaDebugDevice device, ulong at, ulong length, bool isWrite)
    {
        if (TryRecall(device, at, isStart: false, out RememberedUnmap past))
        {
            Report(
                device, DmaDebugError.UseOfStaleAddress, at, length, $"no access after {_options.EventWord} {past.At}, which unmapped it", Accessed(length, isWrite), past.Entry.Snapshot(),
                past.At <= _lastLoss);
            return;
        }

        Report(device, DmaDebugError.AccessNeverMapped, at, length, "a mapping", Accessed(length, isWrite), mapping: null, MayHaveMissed);
    }

    private static string Accessed(ulong length, bool isWrite) => $"{(isWrite ? "wrote" : "read")} {length} bytes";
}
