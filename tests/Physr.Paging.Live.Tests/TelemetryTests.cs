// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using System.Globalization;
using Physr.Paging.Rigged;
using Physr.Paging.Stores;
using Xunit.Abstractions;

namespace Physr.Paging.Live.Tests;

/// <summary>What listeners see: the meter's values, single faults, and that the pager allocates nothing for one.</summary>
public sealed unsafe class TelemetryTests(SharedPager shared, ITestOutputHelper output) : IClassFixture<SharedPager>
{
    private const ulong Length = 64 * 4096;

    [SkippableFact]
    public void AMeterListenerSeesFaultsResidentBytesAndTimes()
    {
        PagerHost pager = shared.Host;
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 8 * 4096, new() { Pager = pager, Name = "metered" });
        new Shadow(region, seed: 80).Work(200);
        Dictionary<string, double> seen = new(StringComparer.Ordinal);
        using MeterListener listener = new();
        listener.InstrumentPublished = static (instrument, self) =>
        {
            if (string.Equals(instrument.Meter.Name, RegionTelemetry.MeterName, StringComparison.Ordinal))
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.Start();
        listener.RecordObservableInstruments();
        RegionStatistics now = region.Statistics;
        Assert.Equal(now.MissingFaults, seen["physr.paging.faults missing"]);
        Assert.Equal(region.ResidentBytes, seen["physr.paging.resident"]);
        Assert.Equal(now.Evictions, seen["physr.paging.evictions"]);
        Assert.InRange(seen["physr.paging.fill.duration 0.5"], 1e-7, 1);
        Assert.InRange(seen["physr.paging.evict.duration 0.99"], 1e-7, 10);
        Assert.Equal(0, seen["physr.paging.pager.restarts"]);

        void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            string name = instrument.Name;
            foreach (KeyValuePair<string, object?> tag in tags)
            {
                if (tag is { Key: "region", Value: not "metered" })
                {
                    return;
                }

                name += tag.Key is "region" ? "" : " " + Convert.ToString(tag.Value, CultureInfo.InvariantCulture);
            }

            seen[name] = value;
        }
    }

    [SkippableFact]
    public void AnEventListenerSeesSingleFaults()
    {
        PagerHost pager = shared.Host;
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 8 * 4096, new() { Pager = pager, Name = "told" });
        using FaultListener listener = new();
        long sum = 0;
        foreach (int page in (ReadOnlySpan<int>)[40, 20, 60])
        {
            sum += region.Pointer[page * 4096];
        }

        for (int tenths = 0; tenths < 100 && listener.Pages.Count < 3; tenths++)
        {
            Thread.Sleep(50);
        }

        // In any order: handlers tell what they served after whoever waited went on.
        Assert.Equal([20L, 40L, 60L], listener.Pages.Order());
        Assert.Equal(0, sum);
    }

    [SkippableFact]
    public void ThePagerAllocatesNothingPerFault_AndCollectsNothing()
    {
        LiveSystem.Require();
        using TemporaryFolder folder = new();
        string log = folder.File("allocations");
        using (PagerHost pager = PagerHost.Start(new()
        {
            PagerPath = Path.Combine(AppContext.BaseDirectory, "Physr.Paging.Rigged.dll"),
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { [AllocationLog.Variable] = log },
        }))
        using (DevicePrivateRegion region = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 8 * 4096, new() { Pager = pager }))
        {
            Random random = new(81);
            for (int touch = 0; touch < 10_000; touch++)
            {
                region.Pointer[random.Next(64) * 4096] += 1;
            }
        }

        for (int tenths = 0; tenths < 100 && (!File.Exists(log) || new FileInfo(log).Length == 0); tenths++)
        {
            Thread.Sleep(100);
        }

        Thread.Sleep(100);
        long[][] lines = [.. File.ReadAllLines(log).Select(static line => line.Split(' ').Select(static word => long.Parse(word, CultureInfo.InvariantCulture)).ToArray())];
        Assert.True(lines.Length >= 8, $"only {lines.Length} thousand faults");
        output.WriteLine(string.Join('\n', lines.Select(static line => $"{line[0]} faults: {line[1]} bytes, {line[2]} collections")));

        // A method, a type or a thread's own may be needed for the first time in any thousand; what a fault costs shows in each of them.
        Assert.Equal(0, lines.Zip(lines[1..]).Min(static pair => pair.Second[1] - pair.First[1]));
        Assert.Equal(0, lines[^1][2]);
    }

    private sealed class FaultListener : EventListener
    {
        public ConcurrentQueue<long> Pages { get; } = [];

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (string.Equals(eventSource.Name, "Physr-Paging", StringComparison.Ordinal))
            {
                EnableEvents(eventSource, EventLevel.Informational);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData is { EventId: 1, Payload: { } payload } && payload[0] is "told")
            {
                Pages.Enqueue((long)payload[2]!);
            }
        }
    }
}
