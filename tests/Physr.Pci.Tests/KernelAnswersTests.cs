// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using Physr.Dma;
using Physr.Pci.Routing;
using Physr.Pci.Sources;
using Physr.Pci.Tests.Infrastructure;
using Physr.Pci.Topology;

namespace Physr.Pci.Tests;

/// <summary>Every pair of eleven captured hosts, against what a running Linux 6.12.117 answered there (rows R49, R50, R51).</summary>
public sealed class KernelAnswersTests : IClassFixture<KernelAnswersTests.Samples>
{
    private readonly Samples _samples;

    public KernelAnswersTests(Samples samples) => _samples = samples;

    public static TheoryData<string> Cases => ["005", "010", "036", "050", "053", "060", "098", "101", "104", "122", "150"];

    [Theory]
    [MemberData(nameof(Cases))]
    public void R49_R50_R51_EveryPairIsJudgedAsTheKernelDid(string name)
    {
        PciSnapshot snapshot = Read(name, out JsonElement verdict);
        var router = new P2PRouter(snapshot.Topology, snapshot.RulesFor());
        P2PMatrix matrix = P2PMatrix.Compute(router);
        var judged = new Dictionary<(string, string), P2PVerdict>();
        foreach (PciFunction provider in matrix.Providers)
        {
            foreach (PciFunction client in matrix.Clients)
            {
                judged.Add(($"{provider}", $"{client}"), router.Judge(provider, client));
            }
        }

        Assert.Empty(snapshot.Diagnostics);
        Assert.Equal(verdict.GetProperty("pairs").GetArrayLength(), judged.Count);
        foreach (JsonElement pair in verdict.GetProperty("pairs").EnumerateArray())
        {
            P2PVerdict ours = judged[(pair.GetProperty("provider").GetString()!, pair.GetProperty("client").GetString()!)];
            Assert.Equal(pair.GetProperty("map").GetString(), KernelName(ours.MapType));
            Assert.Equal(pair.GetProperty("distance").GetInt32(), ours.Distance);
            Assert.Equal(pair.GetProperty("path_distance").GetInt32(), ours.PathDistance);
            Assert.Equal(string.Join(", ", pair.GetProperty("acs_redir").EnumerateArray()), ours.Offenders());
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void EveryFunctionIsSeenAsTheKernelSawIt(string name)
    {
        PciSnapshot snapshot = Read(name, out JsonElement verdict);
        Assert.Equal(verdict.GetProperty("functions").GetArrayLength(), snapshot.Topology.Functions.Count);
        foreach (JsonElement theirs in verdict.GetProperty("functions").EnumerateArray())
        {
            Assert.True(snapshot.Topology.TryFind(PciAddress.Parse(theirs.GetProperty("bdf").GetString()!), out PciFunction? ours));
            Assert.Equal(theirs.GetProperty("header_type").GetInt32(), (int)ours.HeaderType);
            Assert.Equal(theirs.GetProperty("class").GetString(), $"0x{ours.ClassCode:x6}");
            Assert.Equal(theirs.GetProperty("id").GetString(), ours.Id);
            Assert.Equal(theirs.GetProperty("mem_bar").GetBoolean(), ours.HasMemoryBar);
            Assert.Equal(theirs.GetProperty("upstream").GetString(), ours.Upstream?.ToString());
            Assert.Equal(theirs.GetProperty("acs_cap_offset").GetInt32(), ours.AcsOffset);
            Assert.Equal(theirs.GetProperty("host_bridge").GetString(), ours.HostBridge.Name);
            Assert.Equal(theirs.GetProperty("first_on_host_bridge").GetString(), $"{ours.HostBridge.First}");
            Assert.Equal(theirs.GetProperty("pcie_type").GetInt32(), ours.PortType is { } type ? (int)type : -1);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ACaptureOfACaptureGivesTheSameVerdicts(string name)
    {
        PciSnapshot first = Read(name, out _);
        using var directory = new TemporaryDirectory();
        using var archive = new MemoryStream();
        Assert.True(CaptureArchive.TryWrite(new CaptureRoot(_samples.RootOf(name)), archive, out CaptureSummary summary));
        Assert.Equal(first.Topology.Functions.Count, summary.Functions);
        Assert.Empty(summary.Missing);
        archive.Position = 0;
        TarFile.ExtractToDirectory(archive, directory.Path, overwriteFiles: false);

        Assert.True(SysfsReader.TryRead(new CaptureRoot(directory.Path), out PciSnapshot second));
        Assert.Equal(first.RulesFor(), second.RulesFor());
        Assert.Equal(Table(first), Table(second));
    }

    private static List<string> Table(PciSnapshot snapshot)
    {
        P2PMatrix matrix = P2PMatrix.Compute(new P2PRouter(snapshot.Topology, snapshot.RulesFor()));
        return [.. from p in Enumerable.Range(0, matrix.Providers.Count)
                   from c in Enumerable.Range(0, matrix.Clients.Count)
                   select $"{matrix.Providers[p]} {matrix.Clients[c]} {matrix[p, c]}"];
    }

    private static string KernelName(P2PMapType type) => type switch
    {
        P2PMapType.BusAddress => "BUS_ADDR",
        P2PMapType.ThroughHostBridge => "THRU_HOST_BRIDGE",
        P2PMapType.NotSupported => "NOT_SUPPORTED",
        _ => $"{type}",
    };

    private PciSnapshot Read(string name, out JsonElement verdict)
    {
        verdict = JsonDocument.Parse(File.ReadAllText(_samples.VerdictOf(name))).RootElement;
        Assert.True(SysfsReader.TryRead(new CaptureRoot(_samples.RootOf(name)), out PciSnapshot snapshot));
        return snapshot;
    }

    public sealed class Samples : IDisposable
    {
        private readonly TemporaryDirectory _directory = new();

        public Samples()
        {
            using FileStream file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Samples", "kernel-6.12.117.tar.gz"));
            using var plain = new GZipStream(file, CompressionMode.Decompress);
            TarFile.ExtractToDirectory(plain, _directory.Path, overwriteFiles: false);
        }

        public string RootOf(string name) => Path.Combine(_directory.Path, name, "root");

        public string VerdictOf(string name) => Path.Combine(_directory.Path, name, "verdict.json");

        public void Dispose() => _directory.Dispose();
    }
}
