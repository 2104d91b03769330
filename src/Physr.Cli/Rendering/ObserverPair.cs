// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Reports;
using Physr.Machine.Simulation;

namespace Physr.Cli.Rendering;

/// <summary>Tells two observers.</summary>
internal sealed class ObserverPair(IRunObserver first, IRunObserver second) : IRunObserver
{
    public void RouteStarted(string route, int index, int count, ulong payloadBytes)
    {
        first.RouteStarted(route, index, count, payloadBytes);
        second.RouteStarted(route, index, count, payloadBytes);
    }

    public void Progress(ulong bytesDone, ulong payloadBytes)
    {
        first.Progress(bytesDone, payloadBytes);
        second.Progress(bytesDone, payloadBytes);
    }

    public void Rebuilding(ulong bytesDone, ulong bytes)
    {
        first.Rebuilding(bytesDone, bytes);
        second.Rebuilding(bytesDone, bytes);
    }

    public void Span(string track, string name, SimTime start, SimTime end, ulong bytes)
    {
        first.Span(track, name, start, end, bytes);
        second.Span(track, name, start, end, bytes);
    }

    public void RouteFinished(RouteReport report)
    {
        first.RouteFinished(report);
        second.RouteFinished(report);
    }
}
