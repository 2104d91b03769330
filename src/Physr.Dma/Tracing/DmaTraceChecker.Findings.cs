// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Debugging;

namespace Physr.Dma.Tracing;

/// <content>What is found, and what is only the order of lines.</content>
public sealed partial class DmaTraceChecker
{
    // Where lines have no time, so many of them are as good as the window.
    private const long RaceLines = 1000;

    private readonly FindingList _findings = new();
    private readonly FindingList _uncertain = new();
    private readonly List<DmaTraceFinding> _overlaps = [];
    private long _races;

    private void OnReported(DmaDebugReport report)
    {
        DmaTraceFinding finding = new(_line, _event.Time, report, 1);
        if (report.Error == DmaDebugError.OverlappingAddresses && !report.IsUncertain && !_isRecorded)
        {
            _overlaps.Add(finding);
            return;
        }

        Add(finding);
    }

    private void Add(DmaTraceFinding finding) =>
        (finding.Report.IsUncertain && !_options.IsStrict ? _uncertain : _findings).Add(finding, _options.KeepsAll);

    /// <summary>An unmap came: the overlap it belongs to was another processor being quicker to write its map.</summary>
    private void ExcuseOverlaps(DmaDevice device, long removed)
    {
        for (int i = _overlaps.Count - 1; i >= 0; i--)
        {
            DmaDebugReport report = _overlaps[i].Report;
            if (report.Device == device && (report.Event == removed || report.Mapping!.Value.Event == removed))
            {
                _overlaps.RemoveAt(i);
                _races++;
            }
        }
    }

    /// <summary>Overlaps that nothing explained in time are real.</summary>
    private void SettleOverlaps(long now)
    {
        int settled = 0;
        while (settled < _overlaps.Count && IsOver(_overlaps[settled], now))
        {
            Add(_overlaps[settled++]);
        }

        _overlaps.RemoveRange(0, settled);
    }

    private bool IsOver(DmaTraceFinding overlap, long now) =>
        now == long.MaxValue
        || (now >= 0 && overlap.Time >= 0 ? now - overlap.Time > (long)_options.RaceWindow.TotalNanoseconds : _line - overlap.Line > RaceLines);

    /// <summary>Findings: each, or the first of each class and device.</summary>
    private sealed class FindingList
    {
        private readonly List<DmaTraceFinding> _list = [];
        private readonly Dictionary<(DmaDebugError Error, DmaDevice Device), int> _index = [];

        public long Count { get; private set; }

        public void Add(DmaTraceFinding finding, bool keepsAll)
        {
            Count++;
            if (!keepsAll && _index.TryGetValue((finding.Report.Error, finding.Report.Device), out int at))
            {
                _list[at] = _list[at] with { Times = _list[at].Times + 1 };
                return;
            }

            _index[(finding.Report.Error, finding.Report.Device)] = _list.Count;
            _list.Add(finding);
        }

        public IReadOnlyList<DmaTraceFinding> InOrder() => [.. _list.OrderBy(static finding => finding.Line)];
    }
}
