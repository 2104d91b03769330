// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Fabric;
using Physr.Machine.Reports;

namespace Physr.Machine.Offload;

/// <summary>Reads a finished route's meters: what crossed what, and which resource was busy longest.</summary>
internal static class RouteMeters
{
    /// <summary>Where even the busiest resource is idle for more than half of the time, the transfers wait: for latencies, or for a deeper queue.</summary>
    private const double Waiting = 0.5;

    public static IReadOnlyList<LinkBytes> Links(PciFabric fabric, double seconds)
    {
        List<LinkBytes> links = [];
        foreach (ByteMeter meter in Meters(fabric))
        {
            links.Add(new(meter.From, meter.To, meter.PayloadBytes, meter.ControlBytes, Share(meter.BusyTotal.Seconds, seconds)));
        }

        return links;
    }

    /// <summary>The resource that was busy longest, with its share of the time.</summary>
    public static string Bottleneck(PciFabric fabric, IEnumerable<(string Name, double BusySeconds)> others, double seconds)
    {
        IEnumerable<(string Name, double Busy)> all =
        [
            .. Meters(fabric).Select(static meter => ($"link {meter.Track}", meter.BusyTotal.Seconds)),
            ("DRAM", fabric.Dram.BusyTotal.Seconds),
            .. others,
        ];
        (string name, double busy) = all.MaxBy(static each => each.Busy);
        double share = Share(busy, seconds);
        return busy == 0 ? "none" : share < Waiting ? $"latency ({name} is {share:P0} busy)" : $"{name} ({share:P0} busy)";
    }

    private static IEnumerable<ByteMeter> Meters(PciFabric fabric) => fabric.Links.SelectMany(static link => new[] { link.Up, link.Down });

    private static double Share(double busy, double seconds) => seconds == 0 ? 0 : Math.Min(1, busy / seconds);
}
