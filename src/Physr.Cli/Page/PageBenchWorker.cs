// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using System.Runtime.CompilerServices;
using Physr.Machine.Simulation;
using Physr.Paging;

namespace Physr.Cli.Page;

/// <summary>One thread's part of the bench: it alone reads and writes its pages, whole, and knows what each has to hold.</summary>
internal sealed class PageBenchWorker
{
    private const int WarmUp = 4096;
    private const int MostFindings = 3;

    private readonly DevicePrivateRegion _region;
    private readonly PageStamps _stamps;
    private readonly PageOrder _order;
    private readonly SeededRandom _random;
    private readonly double _writeRatio;
    private readonly bool _leases;
    private readonly List<string> _findings = [];
    private long _threshold = long.MaxValue;
    private long _accesses;
    private long _writes;
    private long _wrong;
    private long _checked;

    /// <summary>Prepares it.</summary>
    /// <param name="region">Whose pages.</param>
    /// <param name="options">What was asked.</param>
    /// <param name="index">Which of the threads.</param>
    /// <param name="isBlank">Whether the store holds zeros.</param>
    public PageBenchWorker(DevicePrivateRegion region, PageBenchOptions options, int index, bool isBlank)
    {
        ulong pages = options.Size / PageStamps.PageBytes;
        ulong first = (ulong)((UInt128)pages * (uint)index / (uint)options.Threads);
        ulong end = (ulong)((UInt128)pages * ((uint)index + 1) / (uint)options.Threads);
        _region = region;
        _random = SeededRandom.For(options.Seed, $"page bench {index}");
        _stamps = new(options.Seed, first, (int)(end - first), isBlank);
        _order = new(options.Pattern, _stamps.Count, SeededRandom.For(options.Seed, $"page order {index}"));
        _writeRatio = options.WriteRatio;
        _leases = options.Leases;
    }

    /// <summary>Accesses so far.</summary>
    public long Accesses => Volatile.Read(ref _accesses);

    /// <summary>Those of them that wrote.</summary>
    public long Writes => Volatile.Read(ref _writes);

    /// <summary>Pages that were read or written. To be asked when the thread is done.</summary>
    public long Touched => _stamps.CountTouched();

    /// <summary>Pages that were looked at again at the end.</summary>
    public long Checked => Volatile.Read(ref _checked);

    /// <summary>Accesses, during the run or at the end, that found a wrong page.</summary>
    public long Wrong => Volatile.Read(ref _wrong);

    /// <summary>The first wrong pages, for a human. To be read when the thread is done.</summary>
    public IReadOnlyList<string> Findings => _findings;

    /// <summary>How long the accesses took that faulted.</summary>
    public AccessTimes Times { get; } = new();

    /// <summary>Learns how long an access takes that does not fault: four times what 99 of 100 accesses to a page that is held in memory need, 2 us at the least. What takes longer counts as a fault.</summary>
    /// <returns>Ticks.</returns>
    public long Calibrate()
    {
        AccessTimes times = new();
        using (_region.Acquire(_stamps.OffsetOf(0), PageStamps.PageBytes, LeaseAccess.Write))
        {
            for (int access = 0; access < 2 * WarmUp; access++)
            {
                long start = Stopwatch.GetTimestamp();
                Access(0, writes: access % 2 == 0);
                if (access >= WarmUp)
                {
                    times.Note(Stopwatch.GetTimestamp() - start);
                }
            }
        }

        return (long)(Math.Max(2, 4 * times.Quantile(0.99)) * Stopwatch.Frequency / 1e6);
    }

    /// <summary>Touches pages until it is told to stop.</summary>
    /// <param name="threshold">Ticks from which on an access counts as one that faulted.</param>
    /// <param name="stop">Ends it.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(long threshold, CancellationToken stop)
    {
        _threshold = threshold;
        while (!stop.IsCancellationRequested)
        {
            int page = _order.Next();
            bool writes = !_stamps.IsKnown(page) || ZipfRanks.Chance(_random) < _writeRatio;
            long start = Stopwatch.GetTimestamp();
            Access(page, writes);
            long took = Stopwatch.GetTimestamp() - start;
            Volatile.Write(ref _accesses, _accesses + 1);
            Volatile.Write(ref _writes, _writes + (writes ? 1 : 0));
            if (took > _threshold)
            {
                Times.Note(took);
            }
        }
    }

    /// <summary>Looks at every page that was ever touched, by ordinary loads.</summary>
    public void Check()
    {
        for (int page = 0; page < _stamps.Count; page++)
        {
            if (_stamps.IsTouched(page))
            {
                Look(page, _region.Span(_stamps.OffsetOf(page), PageStamps.PageBytes));
                Volatile.Write(ref _checked, _checked + 1);
            }
        }
    }

    private void Access(int page, bool writes)
    {
        ulong offset = _stamps.OffsetOf(page);
        if (_leases)
        {
            using ResidencyLease lease = _region.Acquire(offset, PageStamps.PageBytes, writes ? LeaseAccess.Write : LeaseAccess.Read);
            Touch(page, lease.Span, writes);
        }
        else
        {
            Touch(page, _region.Span(offset, PageStamps.PageBytes), writes);
        }
    }

    private void Touch(int page, Span<byte> bytes, bool writes)
    {
        if (writes)
        {
            _stamps.Write(page, bytes);
        }
        else
        {
            Look(page, bytes);
        }
    }

    private void Look(int page, ReadOnlySpan<byte> bytes)
    {
        if (_stamps.Read(page, bytes))
        {
            return;
        }

        Volatile.Write(ref _wrong, _wrong + 1);
        if (_findings.Count < MostFindings)
        {
            _findings.Add(_stamps.Describe(page, bytes));
        }
    }
}
