// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <summary>Runs a scenario's threads one at a time, in orders that are enumerated, drawn or given. The code under test says where an order matters by
/// <see cref="Physr.Mm.Interleaving.SchedulePoint"/>.</summary>
internal static class Interleave
{
    /// <summary>Tries every order with at most <see cref="InterleaveOptions.Preemptions"/> preemptions, those with fewer first.</summary>
    /// <param name="stage">Fills a scenario, anew for each run and always the same.</param>
    /// <param name="options">How far to go.</param>
    /// <exception cref="InterleaveException">An order fails.</exception>
    public static InterleaveReport Every(Action<Scenario> stage, InterleaveOptions? options = null)
    {
        using Exploration exploration = new(stage, options ?? new());
        return exploration.Every();
    }

    /// <summary>Draws orders.</summary>
    /// <param name="stage">Fills a scenario, anew for each run, always the same for the same <see cref="Scenario.Seed"/>.</param>
    /// <param name="seed">The first run's; each next run has the next.</param>
    /// <param name="runs">How many runs.</param>
    /// <param name="options">How far to go.</param>
    /// <exception cref="InterleaveException">An order fails.</exception>
    public static InterleaveReport Randomly(Action<Scenario> stage, int seed, int runs, InterleaveOptions? options = null)
    {
        using Exploration exploration = new(stage, options ?? new());
        return exploration.Randomly(seed, runs);
    }

    /// <summary>Follows a schedule, and preempts nobody after its end.</summary>
    /// <param name="stage">Fills the scenario.</param>
    /// <param name="schedule">The text of a <see cref="Schedule"/>.</param>
    /// <param name="seed">The scenario's seed, where its stage draws.</param>
    /// <param name="options">How far to go.</param>
    /// <returns>How the run went; a failure is not shortened.</returns>
    /// <exception cref="FormatException">The text is no schedule.</exception>
    public static RunResult Replay(Action<Scenario> stage, string schedule, int seed = 0, InterleaveOptions? options = null)
    {
        using Exploration exploration = new(stage, options ?? new());
        return exploration.Run(new ReplayChooser(Schedule.Parse(schedule)), seed);
    }
}
