// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <summary>Makes the schedule of a failure shorter: tries to let each actor go on rather than lose its turn, and keeps what fails in the same way with fewer preemptions,
/// or in fewer steps.</summary>
internal static class Shortening
{
    /// <summary>Shortens.</summary>
    /// <param name="found">A run that failed.</param>
    /// <param name="rerun">Runs the same scenario anew.</param>
    /// <param name="maxRuns">How often it may.</param>
    public static RunResult Shorten(RunResult found, Func<Chooser, RunResult> rerun, int maxRuns)
    {
        RunResult best = found;
        int runs = 0;
        bool isBetter = true;
        while (isBetter)
        {
            isBetter = false;
            List<Stretch> stretches = Stretch.Of(best.Schedule);
            for (int at = 0; at < stretches.Count; at++)
            {
                foreach (List<Stretch> candidate in Candidates(stretches, at))
                {
                    if (runs++ >= maxRuns)
                    {
                        return best;
                    }

                    RunResult result = rerun(new StretchChooser(candidate));
                    if (FailsAlike(result, best) && IsShorter(result.Schedule, best.Schedule))
                    {
                        (best, isBetter) = (result, true);
                        stretches = Stretch.Of(best.Schedule);
                        break;
                    }
                }
            }
        }

        return best;
    }

    /// <summary>A stretch joined with its actor's next, earlier or later; or left out, the actor stopping there.</summary>
    private static IEnumerable<List<Stretch>> Candidates(List<Stretch> stretches, int at)
    {
        Stretch stretch = stretches[at];
        int next = stretches.FindIndex(at + 1, other => other.Actor == stretch.Actor);
        if (next >= 0)
        {
            Stretch joined = new(stretch.Actor, stretch.Steps + stretches[next].Steps);
            yield return Joined([.. stretches[..at], joined, .. stretches[(at + 1)..next], .. stretches[(next + 1)..]]);
            yield return Joined([.. stretches[..at], .. stretches[(at + 1)..next], joined, .. stretches[(next + 1)..]]);
        }

        yield return Joined([.. stretches[..at], .. stretches[(at + 1)..]]);
    }

    private static List<Stretch> Joined(List<Stretch> stretches)
    {
        List<Stretch> joined = [];
        stretches.ForEach(stretch => Stretch.Append(joined, stretch));
        return joined;
    }

    private static bool FailsAlike(RunResult one, RunResult other) =>
        one.Kind is not null && one.Kind == other.Kind && one.Exception?.GetType() == other.Exception?.GetType();

    private static bool IsShorter(Schedule one, Schedule other) =>
        (one.Preemptions, one.Steps.Count).CompareTo((other.Preemptions, other.Steps.Count)) < 0;
}
