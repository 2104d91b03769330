// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Reports;
using Physr.Machine.Simulation;

namespace Physr.Machine.Offload;

/// <summary>A device's track in a trace. Its commands overlap, a track's spans do not: each is shown from its start or the end of the one before, whichever is later, to
/// its own end.</summary>
internal sealed class DeviceTrack
{
    private readonly string _device;
    private readonly string _command;
    private readonly EndOfTrack _end;

    /// <summary>Makes a track's writer.</summary>
    /// <param name="device">The track.</param>
    /// <param name="command">What its spans are called.</param>
    /// <param name="sibling">Another writer of the same track, or null.</param>
    public DeviceTrack(string device, string command, DeviceTrack? sibling = null)
    {
        _device = device;
        _command = command;
        _end = sibling?._end ?? new();
    }

    public void Done(IRunObserver? observer, SimTime started, SimTime ended, ulong bytes)
    {
        observer?.Span(_device, _command, SimTime.Max(started, _end.Last), ended, bytes);
        _end.Last = ended;
    }

    private sealed class EndOfTrack
    {
        public SimTime Last { get; set; }
    }
}
