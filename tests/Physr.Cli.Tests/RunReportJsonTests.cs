// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text.Json;
using Physr.Cli.Rendering;
using Physr.Cli.Tests.Infrastructure;
using Physr.Machine.Reports;

namespace Physr.Cli.Tests;

public class RunReportJsonTests
{
    private static readonly string[] RouteMembers =
    [
        "name", "verdict", "reasons", "payloadBytes", "dramBytes", "links", "rangeEntries", "rangeBytes", "pageDescriptors",
        "descriptorBytes", "estimatedSeconds", "bottleneck", "wallSeconds", "sha256",
        "provider", "fellBack", "dramControlBytes", "verified", "leaks", "transfers",
    ];

    [Fact]
    public void TheObject_HasItsMembersInOrder()
    {
        JsonElement root = JsonDocument.Parse(RunReportJson.Write(Reports.Good())).RootElement;

        Assert.Equal(["scenario", "seed", "verified", "leaks", "routes"], Names(root));
        Assert.All(root.GetProperty("routes").EnumerateArray(), static route =>
        {
            Assert.Equal(RouteMembers, Names(route));
            Assert.All(route.GetProperty("links").EnumerateArray(), static link =>
                Assert.Equal(["from", "to", "bytes", "controlBytes", "utilization"], Names(link)));
            Assert.All(route.GetProperty("transfers").EnumerateArray(), static transfer =>
                Assert.Equal(["name", "bytes", "sha256", "verified", "error"], Names(transfer)));
        });
    }

    [Fact]
    public void WhatAnIommuAndBouncingTook_IsThere_OnlyWhereTheyAre()
    {
        RunReport report = new("s", 1, [Reports.Bounce("plain"), Reports.Translated("translated"), Reports.Bounce("narrow") with { BounceBytes = 7 }]);
        JsonElement[] routes = [.. JsonDocument.Parse(RunReportJson.Write(report)).RootElement.GetProperty("routes").EnumerateArray()];

        Assert.Equal(RouteMembers, Names(routes[0]));
        Assert.Equal([.. RouteMembers[..^1], "iommu", "transfers"], Names(routes[1]));
        Assert.Equal([.. RouteMembers[..^1], "bounceBytes", "transfers"], Names(routes[2]));
        JsonElement iommu = routes[1].GetProperty("iommu");
        Assert.Equal(["mode", "iovaBytes", "iovaRuns", "flushes", "invalidations", "iotlbHits", "iotlbMisses", "tablePages", "faults"], Names(iommu));
        Assert.Equal("lazy", iommu.GetProperty("mode").GetString());
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], iommu.EnumerateObject().Skip(1).Select(static member => member.Value.GetInt32()));
        Assert.Equal(7, routes[2].GetProperty("bounceBytes").GetInt32());
    }

    [Fact]
    public void Values_AreExact()
    {
        RunReport report = new("s \"quoted\" é", ulong.MaxValue, [Reports.Bounce("a") with { DramBytes = ulong.MaxValue - 1 }]);
        JsonElement root = JsonDocument.Parse(RunReportJson.Write(report)).RootElement;
        JsonElement route = root.GetProperty("routes")[0];

        Assert.Equal(report.Scenario, root.GetProperty("scenario").GetString());
        Assert.Equal(ulong.MaxValue, root.GetProperty("seed").GetUInt64());
        Assert.Equal(ulong.MaxValue - 1, route.GetProperty("dramBytes").GetUInt64());
        Assert.Equal(0.0123456789, route.GetProperty("estimatedSeconds").GetDouble());
        Assert.Equal(JsonValueKind.Null, route.GetProperty("transfers")[0].GetProperty("error").ValueKind);
    }

    [Fact]
    public void ARouteThatMovedNothing_IsStillJson()
    {
        RunReport report = new("s", 1, [Reports.Bounce("a") with { EstimatedSeconds = double.NaN, WallSeconds = double.PositiveInfinity }]);

        JsonElement route = JsonDocument.Parse(RunReportJson.Write(report)).RootElement.GetProperty("routes")[0];

        Assert.Equal(0, route.GetProperty("estimatedSeconds").GetDouble());
    }

    [Fact]
    public void TheVerb_PrintsTheObjectAndNothingElse()
    {
        Invocation run = Invocation.Of("run", ScenarioFile.Path, "--output", "json");

        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Equal("", run.Error);
        Assert.Equal(RunReportJson.Write(Reports.Good()) + "\n", run.Output);
    }

    private static string[] Names(JsonElement element) => [.. element.EnumerateObject().Select(static member => member.Name)];
}
