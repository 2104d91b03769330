// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text.Encodings.Web;
using System.Text.Json;
using Physr.Machine.Reports;
using Physr.Machine.Simulation;

namespace Physr.Cli.Rendering;

/// <summary>
/// Writes a run as trace events (the Trace Event Format that <c>chrome://tracing</c> and Perfetto read): a process per route, a thread per
/// device and per direction of a link, a complete event per span, times in simulated microseconds. Events go out as they come.
/// </summary>
/// <remarks>
/// Complete events of one thread must not overlap, or viewers drop them. A device with several commands in flight therefore gets further
/// threads beside its own, named <c>nvme0 +1</c>, <c>nvme0 +2</c>, ..., as many as were needed at once.
/// </remarks>
public sealed class ChromeTrace : IRunObserver, IDisposable
{
    private const int FlushBytes = 1 << 16;

    // Threads of a track lie together in the viewer: room for this many beside each.
    private const int SortStride = 4096;

    private readonly Utf8JsonWriter _json;
    private readonly Dictionary<string, List<Lane>> _tracks = new(StringComparer.Ordinal);
    private int _process;
    private int _threads;

    /// <summary>Begins a trace on a stream, which stays the caller's.</summary>
    public ChromeTrace(Stream stream)
    {
        _json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        _json.WriteStartObject();
        _json.WriteStartArray("traceEvents");
    }

    /// <inheritdoc/>
    public void RouteStarted(string route, int index, int count, ulong payloadBytes)
    {
        _process++;
        _threads = 0;
        _tracks.Clear();
        WriteMetadata("process_name", 0, "name", route);
        WriteMetadata("process_sort_index", 0, "sort_index", _process);
    }

    /// <inheritdoc/>
    public void Progress(ulong bytesDone, ulong payloadBytes)
    {
        // A trace shows spans; their bytes add up to the progress.
    }

    /// <inheritdoc/>
    public void Span(string track, string name, SimTime start, SimTime end, ulong bytes)
    {
        ArgumentNullException.ThrowIfNull(track);
        Lane lane = FindLane(track, start);
        lane.BusyUntil = end;
        _json.WriteStartObject();
        _json.WriteString("ph", "X");
        _json.WriteString("name", name);
        _json.WriteNumber("pid", _process);
        _json.WriteNumber("tid", lane.Thread);
        _json.WriteNumber("ts", Microseconds(start));
        _json.WriteNumber("dur", Microseconds(end.Since(start)));
        _json.WriteStartObject("args");
        _json.WriteNumber("bytes", bytes);
        _json.WriteEndObject();
        _json.WriteEndObject();
        if (_json.BytesPending > FlushBytes)
        {
            _json.Flush();
        }
    }

    /// <inheritdoc/>
    public void RouteFinished(RouteReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        WriteMetadata("process_labels", 0, "labels", report.Verdict);
    }

    /// <summary>Ends the trace; without it the text is no whole JSON.</summary>
    /// <param name="scenario">The scenario's name.</param>
    /// <param name="seed">The seed that replays the run.</param>
    public void Complete(string scenario, ulong seed)
    {
        _json.WriteEndArray();
        _json.WriteString("displayTimeUnit", "ns");
        _json.WriteStartObject("otherData");
        _json.WriteString("scenario", scenario);
        _json.WriteString("seed", $"{seed}");
        _json.WriteEndObject();
        _json.WriteEndObject();
        _json.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => _json.Dispose();

    // Decimal: picoseconds as microseconds, exactly.
    private static decimal Microseconds(SimTime time) => time.Picoseconds / 1_000_000m;

    private Lane FindLane(string track, SimTime start)
    {
        if (!_tracks.TryGetValue(track, out List<Lane>? lanes))
        {
            lanes = [];
            _tracks.Add(track, lanes);
        }

        foreach (Lane free in lanes)
        {
            if (free.BusyUntil.CompareTo(start) <= 0)
            {
                return free;
            }
        }

        int order = lanes.Count == 0 ? _tracks.Count * SortStride : lanes[0].Order + lanes.Count;
        Lane lane = new(++_threads, order);
        WriteMetadata("thread_name", lane.Thread, "name", lanes.Count == 0 ? track : $"{track} +{lanes.Count}");
        WriteMetadata("thread_sort_index", lane.Thread, "sort_index", lane.Order);
        lanes.Add(lane);
        return lane;
    }

    private void WriteMetadata(string name, int thread, string argument, object value)
    {
        _json.WriteStartObject();
        _json.WriteString("ph", "M");
        _json.WriteString("name", name);
        _json.WriteNumber("pid", _process);
        _json.WriteNumber("tid", thread);
        _json.WriteStartObject("args");
        if (value is int number)
        {
            _json.WriteNumber(argument, number);
        }
        else
        {
            _json.WriteString(argument, (string)value);
        }

        _json.WriteEndObject();
        _json.WriteEndObject();
    }

    private sealed class Lane(int thread, int order)
    {
        public int Thread { get; } = thread;

        public int Order { get; } = order;

        public SimTime BusyUntil { get; set; }
    }
}
