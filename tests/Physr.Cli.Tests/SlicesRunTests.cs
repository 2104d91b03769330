// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text.Json;
using Physr.Cli.Live;
using Physr.Cli.Tests.Infrastructure;

namespace Physr.Cli.Tests;

public sealed class SlicesRunTests
{
    [Fact]
    public void R44a_R69a_TheScenarioOfTheRepositoryRuns_AndReportsWhatWasRefused()
    {
        string path = Path.Combine(Path.GetDirectoryName(ScenarioFile.Path)!, "vfio-slices.yaml");
        Invocation run = Invocation.Of(LiveRegions.Run, default, "run", path, "--output", "json");
        Assert.Equal("", run.Error);
        Assert.Equal(ExitCode.Success, run.ExitCode);
        JsonElement report = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(0, report.GetProperty("leaks").GetInt32());
        JsonElement[] routes = [.. report.GetProperty("routes").EnumerateArray()];
        Assert.Equal(["busAddress", "throughHostBridge", "throughHostBridge"], routes.Select(static route => route.GetProperty("verdict").GetString()));
        string[] expected = ["UnsupportedRequest", "IommuFault", "IommuFault"];
        for (int i = 0; i < routes.Length; i++)
        {
            JsonElement slices = routes[i].GetProperty("slices");
            Assert.Equal((3, 2, 3), (slices.GetProperty("slices").GetInt32(), slices.GetProperty("importers").GetInt32(), slices.GetProperty("revokes").GetInt32()));
            JsonElement[] refused = [.. slices.GetProperty("refusedAccesses").EnumerateArray()];
            Assert.Equal(12, refused.Length);
            Assert.All(refused, access => Assert.Equal(expected[i], access.GetProperty("status").GetString()));
            Assert.Equal(0, routes[i].GetProperty("pageDescriptors").GetInt32());
            Assert.True(routes[i].GetProperty("verified").GetBoolean());
        }
    }

    [Fact]
    public void ItsTableSaysWhatWasLentTakenBackAndRefused()
    {
        string path = Path.Combine(Path.GetDirectoryName(ScenarioFile.Path)!, "vfio-slices.yaml");
        Invocation run = Invocation.Of(LiveRegions.Run, default, "run", path);
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Contains("3 buffers of vf0 for 2 importers over each route", run.Output, StringComparison.Ordinal);
        Assert.Contains("refused accesses", run.Output, StringComparison.Ordinal);
        Assert.Contains("verified: 3 of 3 routes, 0 leaks", run.Output, StringComparison.Ordinal);
    }
}
