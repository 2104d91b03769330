// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;

namespace Physr.Machine.Reports;

/// <summary>Told what happens while a scenario runs: progress bars and traces. Calls come from the thread that runs the machine.</summary>
public interface IRunObserver
{
    /// <summary>A route begins; its times start at zero.</summary>
    void RouteStarted(string route, int index, int count, ulong payloadBytes);

    /// <summary>Payload bytes of the route that have arrived so far.</summary>
    void Progress(ulong bytesDone, ulong payloadBytes);

    /// <summary>Bytes of an array's members that are rebuilt so far.</summary>
    void Rebuilding(ulong bytesDone, ulong bytes)
    {
    }

    /// <summary>Something took a span of simulated time on a track: a device's command, a link's occupation. Spans of one track do not overlap.</summary>
    /// <param name="track">The device or the link's direction.</param>
    /// <param name="name">What it was.</param>
    /// <param name="start">When it began.</param>
    /// <param name="end">When it ended.</param>
    /// <param name="bytes">Payload and control bytes it moved.</param>
    void Span(string track, string name, SimTime start, SimTime end, ulong bytes);

    /// <summary>The route is done.</summary>
    void RouteFinished(RouteReport report);
}
