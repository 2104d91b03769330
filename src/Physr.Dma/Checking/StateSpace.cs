// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Checking;

/// <summary>Looks at every state that a model can reach, nearest first, so that the first wrong one comes with a shortest way to it (explicit-state model checking).</summary>
public static class StateSpace
{
    /// <summary>The most states looked at unless told otherwise; each takes about a hundred bytes.</summary>
    public const int DefaultLimit = 10_000_000;

    /// <summary>Explores until something is wrong, everything was seen, or the limit is reached.</summary>
    /// <param name="model">The system.</param>
    /// <param name="limit">Most states to keep.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    public static StateSpaceResult Explore<TState>(IStateModel<TState> model, int limit = DefaultLimit, CancellationToken cancellationToken = default)
        where TState : struct, IEquatable<TState>
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        HashSet<TState> seen = [model.Initial];
        List<Visit<TState>> visits = [new(model.Initial, -1, 0, 0)];
        List<StateStep<TState>> steps = [];
        long transitions = 0;
        int depth = 0;
        for (int at = 0; at < visits.Count; at++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Visit<TState> visit = visits[at];
            depth = visit.Depth;
            string? violation = model.FindViolation(visit.State);
            steps.Clear();
            if (violation is null)
            {
                model.Expand(visit.State, steps);
                violation = steps.Count == 0 && !model.MayRest(visit.State) ? "deadlock: nobody can go on, and somebody is not done" : null;
            }

            if (violation is not null)
            {
                return new(visits.Count, transitions, depth, IsComplete: false, violation, Trace(model, visits, at));
            }

            transitions += steps.Count;
            foreach (StateStep<TState> step in steps)
            {
                if (seen.Add(step.Next))
                {
                    visits.Add(new(step.Next, at, step.Action, depth + 1));
                }
            }

            if (visits.Count > limit)
            {
                return new(visits.Count, transitions, depth, IsComplete: false, null, []);
            }
        }

        return new(visits.Count, transitions, depth, IsComplete: true, null, []);
    }

    private static List<string> Trace<TState>(IStateModel<TState> model, List<Visit<TState>> visits, int at)
        where TState : struct, IEquatable<TState>
    {
        List<string> trace = [];
        for (Visit<TState> visit = visits[at]; visit.Parent >= 0; visit = visits[visit.Parent])
        {
            trace.Add(model.Describe(visits[visit.Parent].State, visit.Action));
        }

        trace.Reverse();
        return trace;
    }

    private readonly record struct Visit<TState>(TState State, int Parent, int Action, int Depth);
}
