// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Simulation;

namespace Physr.Machine.Fabric;

/// <summary>One thing that bytes pass one after another, at a rate: a link's direction, DRAM. It counts them and knows until when it is taken.</summary>
public sealed class ByteMeter
{
    private ulong _payload;
    private ulong _control;

    /// <summary>Makes an idle meter.</summary>
    /// <param name="from">The sending end, for reports.</param>
    /// <param name="to">The receiving end.</param>
    /// <param name="bytesPerSecond">Its rate.</param>
    public ByteMeter(string from, string to, ulong bytesPerSecond)
    {
        From = from;
        To = to;
        BytesPerSecond = bytesPerSecond;
        Track = $"{from} -> {to}";
    }

    /// <summary>The sending end.</summary>
    public string From { get; }

    /// <summary>The receiving end.</summary>
    public string To { get; }

    /// <summary>The name of its track in traces.</summary>
    public string Track { get; }

    /// <summary>Bytes per second.</summary>
    public ulong BytesPerSecond { get; }

    /// <summary>Payload bytes so far.</summary>
    public ulong PayloadBytes => _payload;

    /// <summary>Control bytes so far.</summary>
    public ulong ControlBytes => _control;

    /// <summary>When what was taken last is through.</summary>
    public SimTime BusyUntil { get; private set; }

    /// <summary>All time taken so far.</summary>
    public SimTime BusyTotal { get; private set; }

    /// <summary>Takes the meter for bytes that are ready at a moment.</summary>
    /// <param name="ready">The earliest start.</param>
    /// <param name="counted">Bytes to count.</param>
    /// <param name="onWire">Bytes that take time.</param>
    /// <param name="traffic">As what to count them.</param>
    /// <param name="start">When they began to pass.</param>
    /// <returns>When the last byte is through.</returns>
    public SimTime Take(SimTime ready, ulong counted, ulong onWire, Traffic traffic, out SimTime start)
    {
        if (traffic == Traffic.Payload)
        {
            _payload += counted;
        }
        else
        {
            _control += counted;
        }

        SimTime span = SimTime.ForBytes(onWire, BytesPerSecond);
        start = SimTime.Max(ready, BusyUntil);
        BusyUntil = start.Add(span);
        BusyTotal = BusyTotal.Add(span);
        return BusyUntil;
    }
}
