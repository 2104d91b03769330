// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Broker;

/// <summary>A broker's answer: one way for one client to one run of device-private memory. A private offset is never a part of it (row R42c).</summary>
/// <param name="Kind">Which way.</param>
/// <param name="Length">How many of the bytes asked for it is good for, from the first one on.</param>
/// <param name="Cost">What one client's uses are estimated to take, in nanoseconds.</param>
/// <param name="Reason">Why this way, or why none: a sentence.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PrivateRoute(PrivateRouteKind Kind, ulong Length, double Cost, string Reason)
{
    /// <summary>For <see cref="PrivateRouteKind.PeerToPeer"/>: where the first byte shows in the owner's BAR, and how far; the route from there is asked as for any provider.</summary>
    public ProvidedRange Peer { get; init; }

    /// <summary>For <see cref="PrivateRouteKind.Interconnect"/>: the first byte as the client addresses it there.</summary>
    public DmaAddress Address { get; init; }
}
