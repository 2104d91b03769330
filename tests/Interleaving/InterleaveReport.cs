// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <summary>What an exploration has tried, without finding anything.</summary>
/// <param name="Schedules">The different orders tried.</param>
/// <param name="Runs">The runs made, those included that repeated an order.</param>
/// <param name="Preemptions">The most preemptions in an order.</param>
/// <param name="IsExhausted">Whether all orders with at most so many preemptions were tried.</param>
/// <param name="IsComplete">Whether all orders were tried, with any number of preemptions.</param>
/// <param name="Steps">The turns taken.</param>
/// <param name="HandOvers">How often another thread went on.</param>
/// <param name="Elapsed">How long it took.</param>
internal sealed record InterleaveReport(long Schedules, long Runs, int Preemptions, bool IsExhausted, bool IsComplete, long Steps, long HandOvers, TimeSpan Elapsed);
