// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Reports;

/// <summary>The whole run.</summary>
/// <param name="Scenario">The scenario's name.</param>
/// <param name="Seed">The seed that replays it.</param>
/// <param name="Routes">Each route.</param>
public sealed record RunReport(string Scenario, ulong Seed, IReadOnlyList<RouteReport> Routes)
{
    /// <summary>Whether every byte of every route is right.</summary>
    public bool Verified => Routes.All(static route => route.Verified);

    /// <summary>What was not given back, over all routes.</summary>
    public int Leaks => Routes.Sum(static route => route.Leaks);
}
