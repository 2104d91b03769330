// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics.Metrics;
using Physr.Paging.Control;

namespace Physr.Paging;

/// <summary>What happens to this program's regions, for <c>dotnet-counters</c> and everybody who listens to meters: <c>Physr.Paging</c>.</summary>
public static class RegionTelemetry
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Physr.Paging";

    private static readonly Lock s_lock = new();
    private static readonly Meter s_meter = new(MeterName);
    private static DevicePrivateRegion[] s_regions = [];

    static RegionTelemetry()
    {
        s_meter.CreateObservableCounter("physr.paging.faults", Faults, "{fault}", "Page faults that the pager served, by kind.");
        s_meter.CreateObservableCounter("physr.paging.pages.in", () => Sum(static counted => counted(RegionCounter.BytesIn) / ControlLayout.PageBytes), "{page}", "Pages from stores into windows.");
        s_meter.CreateObservableCounter("physr.paging.pages.out", () => Sum(static counted => counted(RegionCounter.BytesOut) / ControlLayout.PageBytes), "{page}", "Pages from windows to stores.");
        s_meter.CreateObservableCounter("physr.paging.evictions", () => Sum(static counted => counted(RegionCounter.Evictions)), "{page}", "Pages that left windows.");
        s_meter.CreateObservableCounter("physr.paging.failures", () => Sum(static counted => counted(RegionCounter.Poisonings) + counted(RegionCounter.WriteFailures)), "{page}", "Pages that stores could not give or take.");
        s_meter.CreateObservableGauge("physr.paging.resident", static () => Each(static region => (long)region.ResidentBytes), "By", "Bytes in windows.");
        s_meter.CreateObservableCounter("physr.paging.pager.restarts", static () => Each(static region => (long)region.Statistics.Takeovers), "{restart}", "How often a pager went on in another's place.");
        s_meter.CreateObservableGauge("physr.paging.fill.duration", static () => Quantiles(static statistics => statistics.FillTimes), "s", "How long faults take to serve in the pager, by quantile, since the region was made.");
        s_meter.CreateObservableGauge("physr.paging.evict.duration", static () => Quantiles(static statistics => statistics.EvictTimes), "s", "How long a page's eviction takes in the pager, by quantile, since the region was made.");
    }

    /// <summary>This program's regions.</summary>
    internal static ReadOnlySpan<DevicePrivateRegion> Regions => Volatile.Read(ref s_regions);

    internal static void Add(DevicePrivateRegion region)
    {
        lock (s_lock)
        {
            Volatile.Write(ref s_regions, [.. s_regions, region]);
        }

        PagingEventSource.Log.Follow(region);
    }

    internal static void Remove(DevicePrivateRegion region)
    {
        lock (s_lock)
        {
            Volatile.Write(ref s_regions, [.. s_regions.Where(other => other != region)]);
        }

        PagingEventSource.Log.Forget(region);
    }

    private static KeyValuePair<string, object?> Name(DevicePrivateRegion region) => new("region", region.Name);

    private static List<Measurement<long>> Faults()
    {
        List<Measurement<long>> all = [];
        foreach (DevicePrivateRegion region in Regions)
        {
            RegionStatistics now = region.Statistics;
            all.Add(new(now.MissingFaults, Name(region), new("kind", "missing")));
            all.Add(new(now.MinorFaults, Name(region), new("kind", "minor")));
            all.Add(new(now.WriteFaults, Name(region), new("kind", "write")));
            all.Add(new(now.LeaseFills, Name(region), new("kind", "lease")));
        }

        return all;
    }

    private static List<Measurement<long>> Sum(Func<Func<RegionCounter, long>, long> of) => Each(region => of(region.Control.Counted));

    private static List<Measurement<long>> Each(Func<DevicePrivateRegion, long> of)
    {
        List<Measurement<long>> all = [];
        foreach (DevicePrivateRegion region in Regions)
        {
            all.Add(new(of(region), Name(region)));
        }

        return all;
    }

    private static List<Measurement<double>> Quantiles(Func<RegionStatistics, LatencyHistogram> of)
    {
        List<Measurement<double>> all = [];
        foreach (DevicePrivateRegion region in Regions)
        {
            LatencyHistogram times = of(region.Statistics);
            foreach (double quantile in (ReadOnlySpan<double>)[0.5, 0.99, 1])
            {
                all.Add(new(times.Quantile(quantile).TotalSeconds, Name(region), new("quantile", quantile)));
            }
        }

        return all;
    }
}
