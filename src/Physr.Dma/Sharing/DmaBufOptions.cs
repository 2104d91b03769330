// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing.Protocol;
using Physr.Memory;

namespace Physr.Dma.Sharing;

/// <summary>What may be chosen of a buffer.</summary>
public sealed record DmaBufOptions
{
    /// <summary>Asked before every allocation that may fail; null lets all pass (row R91).</summary>
    public IAllocationGate? AllocationGate { get; init; }

    /// <summary>Told of every step of the protocol, in an order that agrees with what happened; called with locks held, so it only takes notes. Null costs nothing.</summary>
    public Action<DmaBuf, RevocableTraceEntry>? Observer { get; init; }

    /// <summary>The revocation protocol; others than the shipped one want proof first (<see cref="Checking.RevocableModel"/>).</summary>
    public RevocableRules Rules { get; init; } = RevocableRules.Shipped;
}
