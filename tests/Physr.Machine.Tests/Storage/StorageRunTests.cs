// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Reports;
using Physr.Machine.Scenarios;
using Physr.Storage;

namespace Physr.Machine.Tests.Storage;

/// <summary>A file on an array of persistent memory, run whole.</summary>
public sealed class StorageRunTests
{
    private static readonly string[] s_stages = ["assembled", "written", "read", "mappedByOne", "mappedByTwo", "cut", "unmapped"];

    [Theory]
    [InlineData("level: 0", 0)]
    [InlineData("level: 1", 1)]
    [InlineData("level: 10", 1)]
    [InlineData("level: 5", 1)]
    [InlineData("level: 6, lose: 2", 2)]
    [InlineData("level: 5, iommu: { mode: strict }", 1)]
    [InlineData("level: 10, iommu: { mode: lazy, format: amdV1 }, acs: { p0: [RR], p1: [RR], p2: [RR], p3: [RR], p5: [RR], p6: [RR] }", 1)]
    public void R80_R83_R86_DescriptorsExistFromTheFirstMappingToTheLast_AndNoByteIsWrong(string route, int lost)
    {
        RouteReport report = Run(route);
        Assert.True(report.Verified, string.Join("\n", report.Transfers.Select(static transfer => transfer.Error)));
        Assert.Empty(report.Leaked);
        Assert.Equal(2UL * (512 << 10), report.PayloadBytes);
        StorageReport storage = report.Storage!;
        Dictionary<string, long> stages = storage.DescriptorsByStage.ToDictionary(static stage => stage.Stage, static stage => stage.Descriptors, StringComparer.Ordinal);
        Assert.Equal([.. s_stages, .. lost == 0 ? Array.Empty<string>() : ["degraded", "rebuilt"], "end"], storage.DescriptorsByStage.Select(static stage => stage.Stage));
        Assert.All(stages.Where(static stage => stage.Key is not ("mappedByOne" or "mappedByTwo" or "cut")), static stage => Assert.Equal(0, stage.Value));
        Assert.True(stages["mappedByOne"] >= 512);
        Assert.Equal(stages["mappedByOne"], stages["mappedByTwo"]);
        Assert.Equal((ulong)lost * MemberBytes(storage), storage.RebuiltBytes);
        Assert.Equal(0, storage.Mismatches);
        Assert.Equal(("memory", "nothing"), (storage.Persistence, storage.Found));
    }

    [Fact]
    public void TheSameSeedGivesTheSameRun()
    {
        RouteReport first = Run("level: 5");
        RouteReport second = Run("level: 5");
        Assert.Equal(first.Sha256, second.Sha256);
        Assert.Equal(first.EstimatedSeconds, second.EstimatedSeconds);
        Assert.Equal(first.Links, second.Links);
    }

    [Fact]
    public void WithoutARouteBetweenTheDevices_TheReadFails_AndSaysSo()
    {
        RouteReport report = Run("level: 10, cpu: { vendor: GenuineIntel, family: 6 }, acs: { p0: [RR], p1: [RR], p2: [RR], p3: [RR], p5: [RR], p6: [RR] }");
        Assert.Equal("notSupported", report.Verdict);
        Assert.False(report.Verified);
        Assert.Contains(report.Transfers, static transfer => transfer is { Name: "drive", Error: "the drive's write ended with Invalid" });
        Assert.Empty(report.Leaked);
    }

    [Fact]
    public void AFileOfAnEarlierRunIsFoundWhole_AndADamagedOneIsNamed()
    {
        Dictionary<string, byte[]> media = [];
        PersistentMemory Open(string name, string path, ulong length)
        {
            if (!media.TryGetValue(name, out byte[]? bytes))
            {
                media.Add(name, bytes = GC.AllocateArray<byte>((int)length, pinned: true));
            }

            return new PinnedMedia(name, bytes);
        }

        Scenario scenario = StorageScenario.Good(StorageScenario.Text("- { name: raid5, level: 5 }"));
        scenario = scenario with { Fabric = [.. scenario.Fabric.Select(static node => node.Kind == FabricKind.Pmem ? node with { BackingPath = "/" + node.Name } : node)] };
        StorageReport first = ScenarioRunner.Run(scenario, openRegion: Open).Routes[0].Storage!;
        Assert.Equal(("nothing", 0), (first.Found, first.FoundFiles));
        RunReport second = ScenarioRunner.Run(scenario, openRegion: Open);
        Assert.True(second.Verified, string.Join("\n", second.Routes[0].Transfers.Select(static transfer => transfer.Error)));
        Assert.Equal(("consistent", 1), (second.Routes[0].Storage!.Found, second.Routes[0].Storage!.FoundFiles));

        // Somebody else's bytes in all members: no copy and no parity can tell.
        foreach (byte[] bytes in media.Values)
        {
            bytes.AsSpan((2 << 20) + (40 << 10)).Fill(0x5a);
        }

        RouteReport damaged = ScenarioRunner.Run(scenario, openRegion: Open).Routes[0];
        Assert.False(damaged.Verified);
        Assert.Contains("EUCLEAN", Assert.Single(damaged.Transfers).Error, StringComparison.Ordinal);
    }

    private static ulong MemberBytes(StorageReport storage) => storage.Level switch
    {
        1 => storage.ArrayBytes,
        5 => storage.ArrayBytes / 3,
        _ => storage.ArrayBytes / 2,
    };

    private static RouteReport Run(string route) =>
        Assert.Single(ScenarioRunner.Run(StorageScenario.Good(StorageScenario.Text($"- {{ name: route, {route} }}"))).Routes);

    /// <summary>Bytes that outlive the run.</summary>
    private sealed class PinnedMedia(string name, byte[] bytes) : PersistentMemory(name, (ulong)bytes.Length, PersistenceGranularity.CacheLine)
    {
        public override ReadOnlySpan<byte> ReadableAt(ulong offset, ulong length) => WritableAt(offset, length);

        public override Span<byte> WritableAt(ulong offset, ulong length) => offset >= Length ? default : bytes.AsSpan((int)offset, (int)Math.Min(length, Length - offset));
    }
}
