// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios;

/// <summary>One injected fault.</summary>
/// <param name="Kind">What goes wrong.</param>
/// <param name="Target">The device whose transaction, link or presence is hit.</param>
/// <param name="Step">At which of the transactions that the target masters or is the target of, in a route, counted from 1.</param>
/// <param name="Route">In which route; null is each.</param>
public sealed record FaultSpec(FaultKind Kind, string Target, ulong Step, string? Route);
