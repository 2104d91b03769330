// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Scenarios.Reading;

namespace Physr.Machine.Scenarios;

/// <summary>Times as scenarios write them: <c>ns</c>, <c>us</c>, <c>ms</c> or <c>s</c>, always with the unit.</summary>
public static class TimeText
{
    private static readonly Dictionary<string, ulong> Units = new(StringComparer.Ordinal)
    {
        ["ns"] = 1,
        ["us"] = 1_000,
        ["\u00b5s"] = 1_000,
        ["\u03bcs"] = 1_000,
        ["ms"] = 1_000_000,
        ["s"] = 1_000_000_000,
    };

    /// <summary>Reads a time.</summary>
    /// <param name="text">As <c>90ns</c>, <c>1.5us</c> or <c>2ms</c>.</param>
    /// <param name="nanoseconds">The time in nanoseconds.</param>
    /// <param name="problem">What is wrong and what would be right, or null.</param>
    public static bool TryParse(string text, out ulong nanoseconds, out string? problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Quantity.TryParse(text, "a time", "90ns, 2us or 1ms", Units, Mistaken, out nanoseconds, out problem);
    }

    private static string? Mistaken(string number, string unit) => unit.ToUpperInvariant() switch
    {
        "" => $"{number}ns, {number}us or {number}ms",
        "USEC" or "MICROS" => $"{number}us",
        "NSEC" => $"{number}ns",
        "MSEC" => $"{number}ms",
        "SEC" => $"{number}s",
        _ => null,
    };
}
