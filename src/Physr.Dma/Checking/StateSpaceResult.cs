// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;

namespace Physr.Dma.Checking;

/// <summary>What exploring a model found.</summary>
/// <param name="States">Different states reached.</param>
/// <param name="Transitions">Steps between those that were looked at.</param>
/// <param name="Depth">The longest of the shortest ways, in steps.</param>
/// <param name="IsComplete">Whether every reachable state was looked at and none is wrong.</param>
/// <param name="Violation">What is wrong; null where nothing was found.</param>
/// <param name="Trace">A shortest way to what is wrong, a line for each step; empty where nothing was found.</param>
public sealed record StateSpaceResult(int States, long Transitions, int Depth, bool IsComplete, string? Violation, IReadOnlyList<string> Trace)
{
    /// <summary>Whether the model was proved right: all of it was seen.</summary>
    public bool IsProved => IsComplete && Violation is null;

    /// <summary>The verdict, and the way to what is wrong.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(Violation ?? (IsComplete ? "proved" : "not finished"))
            .Append($": {States} states, {Transitions} transitions, {Depth} steps deep");
        for (int i = 0; i < Trace.Count; i++)
        {
            text.AppendLine().Append($"{i + 1,4}  {Trace[i]}");
        }

        return text.ToString();
    }
}
