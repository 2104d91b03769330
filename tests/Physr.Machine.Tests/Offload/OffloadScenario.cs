// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Scenarios;

namespace Physr.Machine.Tests.Offload;

/// <summary>The copy-offload host, small: what each test varies is a parameter.</summary>
internal static class OffloadScenario
{
    private const ushort RequestRedirect = 1 << 2;

    public static ushort Redirect => RequestRedirect;

    public static RouteSpec Bounce { get; } = new() { Name = "bounce" };

    public static RouteSpec WithPages { get; } = new() { Name = "pages", Provider = "nvme1", Pages = true };

    public static RouteSpec PageLess { get; } = new() { Name = "page-less", Provider = "nvme1" };

    public static RouteSpec AcrossRootPorts { get; } = new() { Name = "across", Provider = "gpu0" };

    public static Scenario Make(IEnumerable<RouteSpec> routes, IEnumerable<FaultSpec>? faults = null, string? file = null, string? source = null, ulong length = 256 << 10, ulong busOffset = 0)
    {
        NamespaceSpec[] first = [new("ns0", 4 << 20, 4096, source) { IsReadOnly = true }];
        NamespaceSpec[] second = [new("ns1", 4 << 20, 4096, file)];
        FabricSpec drive = new()
        {
            Name = "nvme0", Kind = FabricKind.Nvme, Under = "p0", Namespaces = first,
            ReadBytesPerSecond = 7_000_000_000, WriteBytesPerSecond = 6_000_000_000, LatencyNanoseconds = 60_000,
        };
        return new(
            "small",
            Seed: 5,
            new("AuthenticAMD", 25, null, 1UL << 30, 38_000_000_000, 90),
            [
                new() { Name = "hb0", Kind = FabricKind.HostBridge, VendorId = 0x1022, DeviceId = 0x14a4, BusOffset = busOffset },
                new() { Name = "rp0", Kind = FabricKind.RootPort, Under = "hb0", LinkGeneration = 4, LinkLanes = 16, AcsControl = 0 },
                new() { Name = "sw0", Kind = FabricKind.Switch, Under = "rp0" },
                new() { Name = "p0", Kind = FabricKind.DownstreamPort, Under = "sw0", LinkGeneration = 4, LinkLanes = 4, AcsControl = 0 },
                new() { Name = "p1", Kind = FabricKind.DownstreamPort, Under = "sw0", LinkGeneration = 4, LinkLanes = 4, AcsControl = 0 },
                new() { Name = "p2", Kind = FabricKind.DownstreamPort, Under = "sw0", LinkGeneration = 4, LinkLanes = 16, AcsControl = 0 },
                drive,
                drive with { Name = "nvme1", Under = "p1", Namespaces = second, CmbBytes = 4 << 20 },
                new() { Name = "nic0", Kind = FabricKind.RdmaNic, Under = "p2" },
                new() { Name = "rp1", Kind = FabricKind.RootPort, Under = "hb0", LinkGeneration = 4, LinkLanes = 16 },
                new() { Name = "gpu0", Kind = FabricKind.Gpu, Under = "rp1", ApertureBytes = 16 << 20, MemoryBytes = 64 << 20 },
            ],
            [new("remote", "nic0", 4 << 20, 12_500_000_000, 2000)],
            [
                new("remote-read", "ns0", 0, "remote", 0, length, 32 << 10, 4),
                new("remote-write", "remote", 2 << 20, "ns1", 0, length, 32 << 10, 4),
                new("drive-to-drive", "ns0", 1 << 20, "ns1", 1 << 20, length, 32 << 10, 4),
            ],
            [.. routes],
            [.. faults ?? []]);
    }
}
