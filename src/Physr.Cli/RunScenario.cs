// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Reports;
using Physr.Machine.Scenarios;

namespace Physr.Cli;

/// <summary>Runs a scenario, as <see cref="Machine.ScenarioRunner.Run"/> does.</summary>
/// <param name="scenario">A checked scenario.</param>
/// <param name="seed">The seed of the run; null is the scenario's.</param>
/// <param name="observer">Told of progress; may be null.</param>
/// <param name="cancellation">Stops the run.</param>
public delegate RunReport RunScenario(Scenario scenario, ulong? seed, IRunObserver? observer, CancellationToken cancellation);
