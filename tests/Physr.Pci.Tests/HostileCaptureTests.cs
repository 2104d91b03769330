// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Pci.Config;
using Physr.Pci.Routing;
using Physr.Pci.Sources;
using Physr.Pci.Spec;
using Physr.Pci.Tests.Infrastructure;
using Physr.Pci.Topology;

namespace Physr.Pci.Tests;

/// <summary>Broken and hostile captures: what is wrong is named per device, the rest is still judged, nothing throws and nothing outside is read.</summary>
public sealed class HostileCaptureTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void ConfigCutAtEveryLengthIsNamedAndJudged()
    {
        PciTopology topology = new SyntheticHost().HostDevice("0000:00:00.0").Switch(AcsControl.RequestRedirect, null).Build();
        CaptureWriter capture = Whole(topology);
        string port = $"{capture.DirectoryOf("0000:02:00.0")}/config";
        byte[] whole = File.ReadAllBytes(Path.Combine(capture.Root, port));
        foreach (int length in Enumerable.Range(0, 0x110).Concat([0x200, 0xfff, 0x1000]))
        {
            capture.Bytes(port, whole[..length]);
            P2PRouter router = Read(out PciSnapshot snapshot);
            P2PVerdict verdict = router.Judge("0000:03:00.0", "0000:04:00.0");

            // The ACS control word ends at 0x108. Exactly 256 bytes is what a host without extended access shows, but a cut looks the same.
            bool known = length >= 0x108;
            Assert.Equal(known, router.At("0000:02:00.0").IsAcsKnown);
            Assert.Equal(!known, verdict.Route.IsAssumed);
            Assert.Equal(length >= 0x108 ? P2PMapType.NotSupported : P2PMapType.BusAddress, verdict.MapType);
            if (length == 0x1000)
            {
                Assert.Empty(snapshot.Diagnostics);
            }

            if (!known)
            {
                Assert.Contains(snapshot.Diagnostics, static d => d.Subject == "0000:02:00.0" && d.File == "config");
                Assert.Contains(verdict.Reasons, static r => r.Kind == P2PReasonKind.AcsUnknown && r.Subject == "0000:02:00.0");
            }

            Assert.Equal(P2PMapType.BusAddress, router.Judge("0000:04:00.0", "0000:04:00.0").MapType);
        }
    }

    [Fact]
    public void ConfigOf64BytesEverywhereStillGivesVerdicts_MarkedAsAssumed()
    {
        PciTopology topology = new SyntheticHost().HostDevice("0000:00:00.0").Switch(null, null).Build();
        CaptureWriter capture = Whole(topology);
        foreach (PciFunction function in topology.Functions)
        {
            string path = $"{capture.DirectoryOf($"{function}")}/config";
            capture.Bytes(path, File.ReadAllBytes(Path.Combine(capture.Root, path))[..64]);
        }

        P2PRouter router = Read(out PciSnapshot snapshot);
        P2PVerdict verdict = router.Judge("0000:03:00.0", "0000:04:00.0");
        Assert.Equal(4, verdict.Distance);
        Assert.True(verdict.Route.IsAssumed);
        Assert.Contains(verdict.Remedies, static r => r.Kind == P2PRemedyKind.ReadAsRoot);
        Assert.Contains(snapshot.Diagnostics, static d => d.ToString().Contains("run as root to read ACS", StringComparison.Ordinal));

        // The conventional host device has no capability list, so nothing about its ACS is unknown.
        Assert.True(router.At("0000:00:00.0").IsAcsKnown);
    }

    [Fact]
    public void CapabilityListsThatLoopOrPointNowhereEnd()
    {
        byte[] bytes = CaptureWriter.Config();
        for (int seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            byte[] garbled = [.. bytes];
            for (int i = 0; i < 40; i++)
            {
                garbled[random.Next(garbled.Length)] = (byte)random.Next(256);
            }

            garbled[0x06] |= 0x10;
            garbled[0x34] = (byte)random.Next(256);
            garbled[0x103] = (byte)random.Next(256);
            var config = new ConfigSpace(garbled.AsSpan(0, random.Next(garbled.Length + 1)));
            _ = config.FindPortType(out _);
            _ = config.FindAcs(out _, out _);
            _ = config.FindStandard((CapabilityId)0xee, out _);
            for (int bar = -1; bar < 7; bar++)
            {
                _ = BaseAddress.TryDecode(config, bar, out _);
            }
        }

        byte[] loop = new byte[4096];
        loop[0x06] = 0x10;
        loop[0x34] = loop[0x41] = 0x40;
        loop[0x40] = 0x09;
        loop[0x100] = 0x01;
        loop[0x103] = 0x10;
        Assert.Equal(CapabilityLookup.Absent, new ConfigSpace(loop).FindStandard(CapabilityId.PciExpress, out _));
        Assert.Equal(CapabilityLookup.Absent, new ConfigSpace(loop).FindExtended(ExtendedCapabilityId.AccessControlServices, out _));
    }

    [Fact]
    public void LinksOutOfTheRootAreNeverFollowed_TheFunctionIsStillFoundByWalking()
    {
        PciTopology topology = new SyntheticHost().HostDevice("0000:00:00.0").Switch(null, null).Build();
        CaptureWriter capture = Whole(topology);
        using var outside = new TemporaryDirectory();
        CaptureWriter other = new CaptureWriter(outside.Path).Function(PciAddress.Parse("0000:99:00.0"), "sys/devices/pci0000:99", 1, 2, 3, CaptureWriter.Config());
        File.WriteAllText(Path.Combine(outside.Path, "secret"), "0xbeef\n");
        string port = capture.DirectoryOf("0000:03:00.0");
        string escape = Path.GetRelativePath(Path.Combine(capture.Root, port), Path.Combine(outside.Path, "secret"));
        capture.Link($"{port}/vendor", escape).Link($"{port}/device", Path.Combine(outside.Path, "secret"));
        capture.Link("sys/bus/pci/devices/0000:04:00.0", $"/{capture.DirectoryOf("0000:04:00.0")}");
        capture.Link("sys/bus/pci/devices/0000:99:00.0", Path.Combine(outside.Path, "sys/devices/pci0000:99/0000:99:00.0"));
        capture.Link("sys/bus/pci/devices/0000:98:00.0", "../../../../../../../../../../etc");
        capture.Link("sys/bus/pci/devices/0000:97:00.0", "0000:97:00.0");
        capture.Link("sys/bus/pci/devices/0000:96:00.0", "0000:95:00.0").Link("sys/bus/pci/devices/0000:95:00.0", "0000:96:00.0");
        capture.Link("sys/devices/pci0000:00/loop", "..").Link($"{port}/nvme", ".");

        P2PRouter router = Read(out PciSnapshot snapshot);
        Assert.Equal(topology.Functions.Select(static f => f.Address), snapshot.Topology.Functions.Select(static f => f.Address));
        Assert.Equal(0x1b36, router.At("0000:03:00.0").VendorId);
        Assert.Equal(4, router.Judge("0000:03:00.0", "0000:04:00.0").Distance);
        foreach (string bus in (string[])["98", "97", "96", "95", "99"])
        {
            Assert.Contains(snapshot.Diagnostics, d => d.Subject == $"0000:{bus}:00.0");
        }

        Assert.NotNull(other);
    }

    [Fact]
    public void WithoutBusLinksTheTreeIsFoundByWalking()
    {
        PciTopology topology = new SyntheticHost().HostDevice("0000:00:00.0").Switch(null, null).Build();
        CaptureWriter capture = Whole(topology, above: "platform/soc/40000000.pcie/");
        Directory.Delete(Path.Combine(capture.Root, "sys/bus"), recursive: true);
        P2PRouter router = Read(out PciSnapshot snapshot);
        Assert.Equal("pci0000:00", router.At("0000:03:00.0").HostBridge.Name);
        Assert.Equal(4, router.Judge("0000:03:00.0", "0000:04:00.0").Distance);
        Assert.NotEmpty(snapshot.Diagnostics);
    }

    [Fact]
    public void ANestedDomainHasItsOwnHostBridge()
    {
        PciTopology outer = new SyntheticHost().HostDevice("0000:00:00.0").Endpoint("0000:00:0e.0", null).Build();
        PciTopology inner = new SyntheticHost().RootPort("10000:e0:02.0").Endpoint("10000:e1:00.0", "10000:e0:02.0").Endpoint("10000:e1:00.1", "10000:e0:02.0").Build();
        CaptureWriter capture = Whole(outer);
        capture.Functions(inner, above: "pci0000:00/0000:00:0e.0/");
        P2PRouter router = Read(out PciSnapshot snapshot);
        Assert.Empty(snapshot.Diagnostics);
        Assert.Equal("pci10000:e0", router.At("10000:e1:00.0").HostBridge.Name);
        Assert.Null(router.At("10000:e0:02.0").Upstream);
        Assert.Equal(2, router.Judge("10000:e1:00.0", "10000:e1:00.1").Distance);
        Assert.Equal(3, router.Judge("10000:e1:00.0", "0000:00:0e.0").PathDistance);
    }

    [Fact]
    public void GarbageInFilesIsNamedAndConfigIsTakenInstead()
    {
        PciTopology topology = new SyntheticHost().HostDevice("0000:00:00.0").Switch(null, null).Build();
        CaptureWriter capture = Whole(topology);
        string at = capture.DirectoryOf("0000:03:00.0");
        capture.Text($"{at}/class", "\u001b[31mred").Text($"{at}/vendor", "0x123456789").Text($"{at}/numa_node", "many").Text($"{at}/current_link_width", "-1");
        capture.Text($"{at}/resource", """
            0x1000 0x0fff 0x200
            0xffffffffffffffff 0x0 0x200
            0x0 0xffffffffffffffff 0x200
            nonsense
            0x1 0x2
            0x9000 0x8000 0x200
            0x5000 0x5fff 0x200
            """);
        File.Delete(Path.Combine(capture.Root, capture.DirectoryOf("0000:04:00.0"), "resource"));
        P2PRouter router = Read(out PciSnapshot snapshot);
        PciFunction function = router.At("0000:03:00.0");
        Assert.Equal(0x010802u, function.ClassCode);
        Assert.Equal(0x1b36, function.VendorId);
        Assert.False(function.HasMemoryBar);
        Assert.Equal(6, Assert.Single(function.Resources).Index);
        Assert.False(router.At("0000:04:00.0").HasMemoryBar);
        Assert.All(snapshot.Diagnostics, static d => Assert.DoesNotContain('\u001b', d.ToString()));
        foreach (string file in (string[])["class", "vendor", "resource"])
        {
            Assert.Contains(snapshot.Diagnostics, d => d.Subject == "0000:03:00.0" && d.File == file);
        }
    }

    [Fact]
    public void AnUnansweredFunctionIsNamed_ABridgeIsKnownByItsChildren()
    {
        PciTopology topology = new SyntheticHost().HostDevice("0000:00:00.0").Switch(null, null).Build();
        CaptureWriter capture = Whole(topology);
        byte[] ones = new byte[4096];
        Array.Fill(ones, byte.MaxValue);
        capture.Bytes($"{capture.DirectoryOf("0000:02:00.0")}/config", ones);
        P2PRouter router = Read(out PciSnapshot snapshot);
        Assert.Equal(PciHeaderType.Bridge, router.At("0000:02:00.0").HeaderType);
        Assert.True(router.Judge("0000:03:00.0", "0000:04:00.0").Route.IsAssumed);
        Assert.Contains(snapshot.Diagnostics, static d => d.Problem.StartsWith("all ones", StringComparison.Ordinal));
    }

    [Fact]
    public void AVirtualFunctionIsReadBesideItsPhysicalOne_EvenOnAnotherBus()
    {
        SyntheticHost host = new SyntheticHost().HostDevice("0000:00:00.0").Switch(null, null).Endpoint("0000:07:10.0", "0000:02:00.0", physical: "0000:03:00.0");
        CaptureWriter capture = Whole(host.Build());
        string path = $"{capture.DirectoryOf("0000:07:10.0")}/config";
        byte[] config = File.ReadAllBytes(Path.Combine(capture.Root, path));
        Array.Fill(config, byte.MaxValue, 0, 4);
        capture.Bytes(path, config);
        P2PRouter router = Read(out PciSnapshot snapshot);
        PciFunction function = router.At("0000:07:10.0");
        Assert.Empty(snapshot.Diagnostics);
        Assert.Same(router.At("0000:03:00.0"), function.PhysicalFunction);
        Assert.Equal(0x1b36, function.VendorId);
        Assert.Equal(2, router.Judge("0000:07:10.0", "0000:03:00.0").Distance);
    }

    [Fact]
    public void AnEmptyDirectoryHasNoTree() =>
        Assert.False(SysfsReader.TryRead(new CaptureRoot(_directory.Path), out _));

    [Fact]
    public void TheTrueSizeOfACutConfigTravelsWithTheCapture()
    {
        PciTopology topology = new SyntheticHost().HostDevice("0000:00:00.0").Switch(null, null).Build();
        CaptureWriter capture = Whole(topology);
        string path = $"{capture.DirectoryOf("0000:02:00.0")}/config";
        capture.Bytes(path, File.ReadAllBytes(Path.Combine(capture.Root, path))[..64]).Text("physr/config-sizes", "0000:02:00.0 256\nnonsense\n0000:03:00.0 17\n");
        P2PRouter router = Read(out _);
        Assert.True(router.At("0000:02:00.0").IsAcsKnown);
    }

    private CaptureWriter Whole(PciTopology topology, string above = "") => new CaptureWriter(_directory.Path).Functions(topology, above);

    private P2PRouter Read(out PciSnapshot snapshot)
    {
        Assert.True(SysfsReader.TryRead(new CaptureRoot(_directory.Path), out snapshot));
        return new P2PRouter(snapshot.Topology, snapshot.RulesFor());
    }
}
