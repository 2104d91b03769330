// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Reports;

namespace Physr.Cli.Tests.Infrastructure;

/// <summary>Reports as a machine could give them.</summary>
internal static class Reports
{
    public static RunReport Good(ulong seed = 2017) => new("copy-offload", seed,
    [
        Bounce("bounce"),
        BusAddress("p2p-with-pages") with { PageDescriptors = 16384, DescriptorBytes = 1 << 20 },
        BusAddress("p2p-page-less"),
        BusAddress("p2p-across-root-ports") with
        {
            Verdict = "throughHostBridge",
            Provider = "gpu0 BAR 2",
            Reasons = ["nvme0 and gpu0 meet at host bridge hb0", "the CPU is an AMD Zen (family 0x19), whose root complex routes peer to peer"],
        },
        Bounce("p2p-across-root-ports-refused") with
        {
            Verdict = "notSupported",
            FellBack = true,
            Reasons = ["host bridge hb0 (1022:14a4) is not in the whitelist", "fell back to bounce through RAM"],
        },
    ]);

    public static RouteReport Bounce(string name) => new()
    {
        Name = name,
        Verdict = "bounce",
        Reasons = ["the route stages in RAM"],
        Provider = "ram",
        PayloadBytes = 48 << 20,
        DramBytes = 96 << 20,
        DramControlBytes = 8192,
        Links = [new("nvme0", "sw0p0", 32 << 20, 4096, 0.97), new("sw0", "rp0", 48 << 20, 4096, 0.4), new("rp0", "sw0", 48 << 20, 0, 0.4)],
        RangeEntries = 1,
        RangeBytes = 8,
        EstimatedSeconds = 0.0123456789,
        Bottleneck = "link nvme0 to sw0p0",
        WallSeconds = 0.05,
        Sha256 = new string('a', 64),
        Verified = true,
        Transfers = [new("remote-read", 16 << 20, new string('b', 64), true, null)],
    };

    public static RouteReport Translated(string name) => Bounce(name) with
    {
        Iommu = new() { Mode = "lazy", IovaBytes = 1, IovaRuns = 2, Flushes = 3, Invalidations = 4, IotlbHits = 5, IotlbMisses = 6, TablePages = 7, Faults = 8 },
    };

    public static RouteReport BusAddress(string name) => Bounce(name) with
    {
        Verdict = "busAddress",
        Reasons = ["nvme0 and nvme1 are below switch sw0", "no ACS redirection on the way"],
        Provider = "nvme1 BAR 4",
        DramBytes = 0,
        Links = [new("nvme0", "sw0p0", 32 << 20, 4096, 0.97), new("sw0p1", "nvme1", 48 << 20, 4096, 1)],
        EstimatedSeconds = 0.0075,
    };
}
