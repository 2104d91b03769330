// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text.Json;
using Physr.Cli.Rendering;
using Physr.Cli.Tests.Infrastructure;
using Physr.Machine.Simulation;

namespace Physr.Cli.Tests;

public class ChromeTraceTests
{
    [Fact]
    public void Times_AreMicroseconds_ToThePicosecond()
    {
        JsonElement[] events = Trace(trace =>
        {
            trace.RouteStarted("r", 0, 1, 1);
            trace.Span("nvme0", "read", new SimTime(1_234_567), new SimTime(9_007_199_254_740_993), 4096);
        });

        JsonElement span = Assert.Single(Spans(events));
        Assert.Equal("1.234567", span.GetProperty("ts").GetRawText());
        Assert.Equal("9007199253.506426", span.GetProperty("dur").GetRawText());
        Assert.Equal(4096UL, span.GetProperty("args").GetProperty("bytes").GetUInt64());
    }

    [Fact]
    public void EachRouteIsAProcess_EachTrackAThread_WithTheirNames()
    {
        JsonElement[] events = Trace(trace =>
        {
            for (int i = 0; i < 2; i++)
            {
                trace.RouteStarted($"route{i}", i, 2, 1);
                trace.Span("nvme0", "read", SimTime.Zero, new SimTime(5), 1);
                trace.Span("nvme0 \"→\" sw0p0", "data", SimTime.Zero, new SimTime(5), 1);
                trace.Span("nvme0", "read", new SimTime(5), new SimTime(9), 1);
                trace.RouteFinished(Reports.Bounce($"route{i}"));
            }
        });

        string[] processes = [.. Metadata(events, "process_name").Select(static e => $"{Pid(e)}:{Argument(e)}")];
        string[] threads = [.. Metadata(events, "thread_name").Select(static e => $"{Pid(e)}.{Tid(e)}:{Argument(e)}")];
        Assert.Equal(["1:route0", "2:route1"], processes);
        Assert.Equal(["1.1:nvme0", "1.2:nvme0 \"→\" sw0p0", "2.1:nvme0", "2.2:nvme0 \"→\" sw0p0"], threads);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void EventsOfAThread_NeverOverlap_AndNeverGoBack(ulong seed)
    {
        SeededRandom random = new(seed);
        int spans = 0;
        JsonElement[] events = Trace(trace =>
        {
            for (int route = 0; route < 3; route++)
            {
                trace.RouteStarted($"r{route}", route, 3, 1);
                ulong now = 0;
                for (int i = 0; i < 500; i++, spans++)
                {
                    // Commands end in any order, and are told when they end.
                    ulong length = random.Below(100);
                    now += random.Below(20);
                    trace.Span($"t{random.Below(4)}", "x", new SimTime(now + 100 - length), new SimTime(now + 100), 1);
                }
            }
        });

        Assert.Equal(spans, Spans(events).Length);
        Dictionary<(int, int), decimal> busyUntil = [];
        foreach (JsonElement span in Spans(events))
        {
            (int, int) thread = (Pid(span), Tid(span));
            decimal start = span.GetProperty("ts").GetDecimal();
            Assert.True(start >= busyUntil.GetValueOrDefault(thread), $"seed {seed}: {span}");
            busyUntil[thread] = start + span.GetProperty("dur").GetDecimal();
        }

        Assert.Equal(busyUntil.Count, Metadata(events, "thread_name").Count());
    }

    [Fact]
    public void TheTrace_IsWrittenWhileTheRunLasts()
    {
        using MemoryStream stream = new();
        using ChromeTrace trace = new(stream);
        trace.RouteStarted("r", 0, 1, 1);
        for (ulong i = 0; i < 10_000; i++)
        {
            trace.Span("t", "x", new SimTime(i), new SimTime(i + 1), 1);
        }

        Assert.True(stream.Length > 500_000);
    }

    private static JsonElement[] Trace(Action<ChromeTrace> write)
    {
        using MemoryStream stream = new();
        using (ChromeTrace trace = new(stream))
        {
            write(trace);
            trace.Complete("s", 7);
        }

        JsonElement root = JsonDocument.Parse(stream.ToArray()).RootElement;
        Assert.Equal("ns", root.GetProperty("displayTimeUnit").GetString());
        return [.. root.GetProperty("traceEvents").EnumerateArray()];
    }

    private static JsonElement[] Spans(JsonElement[] events) => [.. events.Where(static e => e.GetProperty("ph").GetString() == "X")];

    private static IEnumerable<JsonElement> Metadata(JsonElement[] events, string name) =>
        events.Where(e => e.GetProperty("ph").GetString() == "M" && e.GetProperty("name").GetString() == name);

    private static int Pid(JsonElement e) => e.GetProperty("pid").GetInt32();

    private static int Tid(JsonElement e) => e.GetProperty("tid").GetInt32();

    private static string? Argument(JsonElement e) => e.GetProperty("args").GetProperty("name").GetString();
}
