// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using System.Text.RegularExpressions;

namespace Physr.Testing.Interleaving;

/// <summary>Who had which turn in a run. As text, <c>1 A@start -> 2 B@start -> 3 A~page table lock</c>: the third looked and had to wait on.</summary>
internal sealed partial class Schedule(IReadOnlyList<string> actors, IReadOnlyList<ScheduleStep> steps, int preemptions)
{
    private const int LineLength = 140;

    /// <summary>The names of the actors.</summary>
    public IReadOnlyList<string> Actors { get; } = actors;

    /// <summary>The turns, first to last.</summary>
    public IReadOnlyList<ScheduleStep> Steps { get; } = steps;

    /// <summary>How often an actor lost the turn though it could have gone on.</summary>
    public int Preemptions { get; } = preemptions;

    /// <summary>Reads what <see cref="ToString()"/> has written. Line breaks are as good as blanks.</summary>
    /// <exception cref="FormatException">It is no schedule.</exception>
    public static IReadOnlyList<(string Actor, string Point)> Parse(string text)
    {
        List<(string, string)> steps = [];
        foreach (string part in Arrow().Split(text.Trim()))
        {
            Match step = Step().Match(Blanks().Replace(part, " "));
            if (!step.Success)
            {
                throw new FormatException($"'{part}' is no step of a schedule: those look like '7 A@page table lock'.");
            }

            steps.Add((step.Groups["actor"].Value, step.Groups["point"].Value));
        }

        return steps;
    }

    /// <inheritdoc/>
    public override string ToString() => ToString(0);

    /// <summary>The text from one step on, broken into lines.</summary>
    public string ToString(int first)
    {
        StringBuilder text = new();
        int line = 0;
        for (int at = first; at < Steps.Count; at++)
        {
            ScheduleStep step = Steps[at];
            string word = $"{at + 1} {Actors[step.Actor]}{(step.InVain ? '~' : '@')}{step.Point}";
            if (at > first)
            {
                bool breaks = line + word.Length > LineLength;
                text.Append(breaks ? "\n  -> " : " -> ");
                line = breaks ? 0 : line;
            }

            text.Append(word);
            line += word.Length + 4;
        }

        return text.ToString();
    }

    [GeneratedRegex(@"\s*->\s*(?=[0-9]+ [\w-]+[@~])")]
    private static partial Regex Arrow();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();

    [GeneratedRegex(@"^[0-9]+ (?<actor>[\w-]+)[@~](?<point>.+)$")]
    private static partial Regex Step();
}
