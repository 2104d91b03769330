// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;

namespace Physr.Testing.Interleaving;

/// <summary>A number of runs of one scenario, by the same threads.</summary>
internal sealed class Exploration(Action<Scenario> stage, InterleaveOptions options) : IDisposable
{
    private readonly Troupe _troupe = new();
    private readonly long _began = Stopwatch.GetTimestamp();
    private long _runs;
    private long _steps;
    private long _handOvers;

    /// <summary>See <see cref="Interleave.Every"/>.</summary>
    public InterleaveReport Every()
    {
        bool isUnbounded = options.Preemptions == InterleaveOptions.Unbounded;
        for (int bound = isUnbounded ? InterleaveOptions.Unbounded : 0; ; bound++)
        {
            long schedules = 0;
            DepthFirstChooser chooser = new(bound, options.AreIndependent);
            do
            {
                if (_runs == options.MaxRuns)
                {
                    return Report(schedules, bound, isExhausted: false, isComplete: false);
                }

                RunResult result = Run(chooser, seed: 0);
                ThrowIfFailed(result, seed: 0, $"in run {_runs}{(isUnbounded ? "" : $", of those with at most {bound} preemptions")}");
                schedules += chooser.IsRepeating ? 0 : 1;
            }
            while (chooser.Advance());

            if (bound == options.Preemptions || !chooser.HasLeftOut)
            {
                return Report(schedules, bound, isExhausted: true, isComplete: !chooser.HasLeftOut);
            }
        }
    }

    /// <summary>See <see cref="Interleave.Randomly"/>.</summary>
    public InterleaveReport Randomly(int seed, int runs)
    {
        int preemptions = 0;
        for (int run = 0; run < runs; run++)
        {
            int its = unchecked(seed + run);
            RunResult result = Run(Draw(new(its)), its);
            ThrowIfFailed(result, its, $"in run {run + 1} of {runs}, by {nameof(Interleave)}.{nameof(Interleave.Randomly)}(stage, seed: {its}, runs: 1)");
            preemptions = Math.Max(preemptions, result.Schedule.Preemptions);
        }

        return Report(_runs, preemptions, isExhausted: false, isComplete: false);
    }

    /// <summary>Makes one run.</summary>
    public RunResult Run(Chooser chooser, int seed)
    {
        Scenario scenario = new(seed);
        if (Onlooker.Run(() => stage(scenario)) is { } wrong)
        {
            _ = Onlooker.Run(() => _ = scenario.ReleaseAll());
            throw new InvalidOperationException($"The scenario of seed {seed} could not be set up.", wrong);
        }

        RunResult result = Interleaving.Run.Execute(scenario, _troupe, chooser, options);
        _runs++;
        _steps += result.Schedule.Steps.Count;
        _handOvers += result.HandOvers;
        return result;
    }

    /// <inheritdoc/>
    public void Dispose() => _troupe.Dispose();

    private Chooser Draw(Random random)
    {
        RandomStyle style = options.Style == RandomStyle.Mixed ? (RandomStyle)(1 + random.Next(3)) : options.Style;
        return style switch
        {
            RandomStyle.Even => new RandomChooser(random, 1),
            RandomStyle.Sticky => new RandomChooser(random, 2 << random.Next(5)),
            _ => new PriorityChooser(random),
        };
    }

    private void ThrowIfFailed(RunResult result, int seed, string found)
    {
        if (result.Kind is null)
        {
            return;
        }

        bool isShortened = result.Kind is not (FailureKind.Stalled or FailureKind.Diverged);
        throw new InterleaveException(isShortened ? Shortening.Shorten(result, chooser => Run(chooser, seed), options.MaxShorteningRuns) : result, found);
    }

    private InterleaveReport Report(long schedules, int preemptions, bool isExhausted, bool isComplete) =>
        new(schedules, _runs, preemptions, isExhausted, isComplete, _steps, _handOvers, Stopwatch.GetElapsedTime(_began));
}
