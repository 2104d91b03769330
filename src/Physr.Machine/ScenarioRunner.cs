// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Offload;
using Physr.Machine.Reports;
using Physr.Machine.Scenarios;
using Physr.Machine.Slices;
using Physr.Machine.Storage;
using Physr.Machine.Unaddressable;
using PersistentMemory = Physr.Storage.PersistentMemory;

namespace Physr.Machine;

/// <summary>Builds the machine of a scenario afresh for each route, moves the bytes and reports.</summary>
public static class ScenarioRunner
{
    /// <summary>Runs every route in order.</summary>
    /// <param name="scenario">A checked scenario.</param>
    /// <param name="seed">The seed of the run; null is the scenario's.</param>
    /// <param name="observer">Told of progress; may be null.</param>
    /// <param name="openRegion">Opens the file behind persistent memory: name, path, bytes; disposed of when the route ends. Null where nobody maps files.</param>
    /// <param name="cancellation">Stops the run between events; everything is given back.</param>
    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    /// <exception cref="PhysrException">A backing file cannot be opened or is too short.</exception>
    public static RunReport Run(Scenario scenario, ulong? seed = null, IRunObserver? observer = null, Func<string, string, ulong, PersistentMemory>? openRegion = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        ulong effective = seed ?? scenario.Seed;
        ulong payload = scenario.Transfers.Aggregate(0UL, static (sum, transfer) => sum + transfer.LengthBytes);
        payload = scenario.Slices is { } lent ? SliceRun.PayloadOf(lent) : payload;
        payload = scenario.Storage is { } stored ? StorageRun.PayloadOf(stored) : payload;
        List<RouteReport> reports = [];
        using BackingSnapshot snapshot = new(scenario);
        foreach (RouteSpec route in scenario.Routes)
        {
            cancellation.ThrowIfCancellationRequested();
            if (reports.Count != 0)
            {
                snapshot.Restore();
            }

            observer?.RouteStarted(route.Name, reports.Count, scenario.Routes.Count, route.Svm?.DataBytes ?? payload);
            RouteReport report = RunRoute(scenario, route, effective, observer, openRegion, cancellation);
            reports.Add(report);
            observer?.RouteFinished(report);
        }

        return new(scenario.Name, effective, reports);
    }

    private static RouteReport RunRoute(Scenario scenario, RouteSpec route, ulong seed, IRunObserver? observer, Func<string, string, ulong, PersistentMemory>? openRegion, CancellationToken cancellation)
    {
        if (scenario.Storage is not null)
        {
            using StorageRun stored = new(scenario, route, seed, observer, openRegion);
            return stored.Run(cancellation);
        }

        if (scenario.Slices is not null)
        {
            using SliceRun slices = new(scenario, route, seed, observer);
            return slices.Run(cancellation);
        }

        if (scenario.Unaddressable is not null)
        {
            using UnaddressableRun process = new(scenario, route, seed, observer);
            return process.Run(cancellation);
        }

        using RouteRun offload = new(scenario, route, seed, observer);
        return offload.Run(cancellation);
    }
}
