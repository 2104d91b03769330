// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text.Json;
using Physr.Cli.Live;
using Physr.Cli.Tests.Infrastructure;

namespace Physr.Cli.Tests;

public sealed class UnaddressableRunTests : IDisposable
{
    private const string Text = """
        name: small
        kind: unaddressable
        host: { cpu: { vendor: AuthenticAMD, family: 25 }, ram: { size: 128MiB } }
        fabric:
          - { name: hb0, type: hostBridge }
          - { name: rp0, type: rootPort, under: hb0, link: gen4x16 }
          - { name: gpu0, type: gpu, under: rp0, aperture: 1MiB, memory: 8MiB }
        unaddressable: { gpu: gpu0, memory: 2MiB, data: 8MiB, nodes: 20, counters: 2, rounds: 2 }
        routes:
          - { name: migrate, hotplug: { at: 0x3ffff8000000, size: 128MiB } }
          - { name: map-system, policy: mapSystem }

        """;

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"physr-{Guid.NewGuid():N}.yaml");

    public UnaddressableRunTests() => File.WriteAllText(_path, Text);

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void R21_R26_R39_ItsJsonTellsFaultsMigrationsAndSmaps()
    {
        Invocation run = Invocation.Of(LiveRegions.Run, default, "run", _path, "--output", "json");
        Assert.Equal("", run.Error);
        Assert.Equal(ExitCode.Success, run.ExitCode);
        JsonElement[] routes = [.. JsonDocument.Parse(run.Output).RootElement.GetProperty("routes").EnumerateArray()];
        JsonElement first = routes[0];
        string[] members =
        [
            "numbering", "faults", "migrations", "migratedBytes", "evictions", "mappedInRam", "exclusive", "gpuInvalidations", "pinnedLeaks", "hotplug", "smaps", "transfers",
        ];
        Assert.Equal(members, first.EnumerateObject().Select(static member => member.Name).SkipWhile(static name => name != "numbering"));
        Assert.Equal(["cpu", "device", "records", "replays", "perSecond"], first.GetProperty("faults").EnumerateObject().Select(static member => member.Name));
        Assert.True(first.GetProperty("faults").GetProperty("cpu").GetInt64() > 0);
        Assert.True(first.GetProperty("migrations").GetProperty("toDevice").GetInt64() >= 2048);
        Assert.True(first.GetProperty("evictions").GetInt64() >= 3 * 512);
        Assert.Equal(0, first.GetProperty("pinnedLeaks").GetInt64());
        Assert.Equal("added", first.GetProperty("hotplug").GetProperty("outcome").GetString());
        JsonElement smaps = first.GetProperty("smaps");
        Assert.Equal(["before", "during", "after"], smaps.EnumerateObject().Select(static member => member.Name));
        Assert.Equal(512, smaps.GetProperty("during").GetProperty("devicePages").GetInt64());
        Assert.All(smaps.EnumerateObject(), static moment =>
            Assert.Equal(8 << 20, moment.Value.GetProperty("areas").EnumerateArray().Single(static area => area.GetProperty("start").GetString() == "7f0000000000").GetProperty("rss").GetInt64()));
        Assert.False(routes[1].TryGetProperty("hotplug", out _));
        Assert.False(first.TryGetProperty("dumps", out _));
    }

    [Fact]
    public void ItsTableHasFaultsMigrationsAndTheProcessAtThreeMoments()
    {
        Invocation run = Invocation.Of(LiveRegions.Run, default, "run", _path);
        Assert.Equal(ExitCode.Success, run.ExitCode);
        foreach (string part in new[]
        {
            "a process whose memory gpu0 works on", "CPU faults", "GPU faults", "faults a second", "of these evicted", "migration rate", "smaps, kB (migrate)", "of Rss, in GPU",
            "128MiB of RAM were added at 0x3ffff8000000 while gpu0 had pages", "verified: 2 of 2 routes, 0 leaks",
        })
        {
            Assert.Contains(part, run.Output, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("==>", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("range entries", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void R26_ADumpHasMapsSmapsAndPagemapOfEachMomentOfEachRoute()
    {
        Invocation run = Invocation.Of(LiveRegions.Run, default, "run", _path, "--dump-mm");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        string[] headers = [.. run.Output.Split('\n').Where(static line => line.StartsWith("==> ", StringComparison.Ordinal))];
        string[] expected =
        [
            .. from route in new[] { "migrate", "map-system" }
               from moment in new[] { "before", "during", "after" }
               from file in new[] { "maps", "smaps", "pagemap" }
               select $"==> {route}/{moment}/{file} <==",
        ];
        Assert.Equal(expected, headers);
        Assert.Contains("\n7f0000000000-7f0000800000 rw-p 00000000 00:00 0 \nSize:               8192 kB\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("[swap exclusive]\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void R26_ADumpInJsonIsPartOfTheObject()
    {
        Invocation run = Invocation.Of(LiveRegions.Run, default, "run", _path, "--dump-mm", "--output", "json");
        JsonElement dumps = JsonDocument.Parse(run.Output).RootElement.GetProperty("routes")[0].GetProperty("dumps");
        Assert.StartsWith("7effffc00000-7effffe00000 rw-p", dumps.GetProperty("during").GetProperty("maps").GetString(), StringComparison.Ordinal);
        Assert.Contains("VmFlags:", dumps.GetProperty("after").GetProperty("smaps").GetString(), StringComparison.Ordinal);
        Assert.Contains("present", dumps.GetProperty("before").GetProperty("pagemap").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void ADumpOfAScenarioWithoutAProcessIsAMistake()
    {
        Invocation run = Invocation.Of("run", ScenarioFile.Path, "--dump-mm");
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.Contains("has no process; only scenarios of kind unaddressable have one", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void TheScenarioOfTheRepositoryIsRead()
    {
        string path = Path.Combine(Path.GetDirectoryName(ScenarioFile.Path)!, "unaddressable.yaml");
        Assert.True(Physr.Machine.Scenarios.ScenarioReader.TryRead(path, null, out Physr.Machine.Scenarios.Scenario? scenario, out _));
        Assert.Equal((256UL << 20, 1UL << 30), (scenario.Routes[0].Svm!.MemoryBytes, scenario.Routes[0].Svm!.DataBytes));
    }
}
