// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <summary>An order of its actors in which a scenario fails.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1032:Implement standard exception constructors", Justification = "It is nothing without its schedule.")]
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1064:Exceptions should be public", Justification = "The sources are linked into each test project.")]
internal sealed class InterleaveException : Exception
{
    private const int MostStepsShown = 200;

    /// <summary>Reports a failure.</summary>
    /// <param name="shortest">The run to show.</param>
    /// <param name="found">How it was found: after how many runs, with which seed.</param>
    public InterleaveException(RunResult shortest, string found)
        : base(Describe(shortest, found), shortest.Exception)
    {
        Kind = shortest.Kind!.Value;
        Schedule = shortest.Schedule;
    }

    /// <summary>What went wrong.</summary>
    public FailureKind Kind { get; }

    /// <summary>The shortest known schedule with which it does; its text is what <see cref="Interleave.Replay"/> takes.</summary>
    public Schedule Schedule { get; }

    private static string Describe(RunResult shortest, string found)
    {
        Schedule schedule = shortest.Schedule;
        int skipped = Math.Max(0, schedule.Steps.Count - MostStepsShown);
        string thrown = shortest.Exception is { } exception ? $"\n{exception.GetType().Name}: {exception.Message}" : "";
        string shown = skipped > 0 ? $", of which the last {MostStepsShown} are" : "";
        return $"""
            {shortest.Kind}: {shortest.Message}{thrown}
            Found {found}.
            The shortest known schedule has {schedule.Steps.Count} steps and {schedule.Preemptions} preemptions{shown}:
              {schedule.ToString(skipped)}
            """;
    }
}
