// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <summary>A number of turns that an actor has one after the other.</summary>
/// <param name="Actor">Which, by its place in the scenario.</param>
/// <param name="Steps">How many.</param>
internal readonly record struct Stretch(int Actor, int Steps)
{
    /// <summary>The stretches of a schedule, without what was done in vain.</summary>
    public static List<Stretch> Of(Schedule schedule)
    {
        List<Stretch> stretches = [];
        foreach (ScheduleStep step in schedule.Steps.Where(static step => !step.InVain))
        {
            Append(stretches, new(step.Actor, 1));
        }

        return stretches;
    }

    /// <summary>Adds one at the end, or to the last where that is the same actor's.</summary>
    public static void Append(List<Stretch> stretches, Stretch next)
    {
        if (stretches.Count > 0 && stretches[^1].Actor == next.Actor)
        {
            stretches[^1] = new(next.Actor, stretches[^1].Steps + next.Steps);
        }
        else
        {
            stretches.Add(next);
        }
    }
}
