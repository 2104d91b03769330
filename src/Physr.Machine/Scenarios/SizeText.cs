// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using Physr.Machine.Scenarios.Reading;

namespace Physr.Machine.Scenarios;

/// <summary>Sizes as scenarios write them: bytes, or <c>KiB</c>, <c>MiB</c>, <c>GiB</c>, <c>TiB</c>. Decimal units are refused: memory has none.</summary>
public static class SizeText
{
    private static readonly Dictionary<string, ulong> Units = new(StringComparer.Ordinal)
    {
        [""] = 1,
        ["B"] = 1,
        ["KiB"] = 1UL << 10,
        ["MiB"] = 1UL << 20,
        ["GiB"] = 1UL << 30,
        ["TiB"] = 1UL << 40,
    };

    /// <summary>Reads a size.</summary>
    /// <param name="text">As <c>64MiB</c>, <c>1.5 GiB</c> or <c>4096</c>.</param>
    /// <param name="bytes">The size in bytes.</param>
    /// <param name="problem">What is wrong and what would be right, or null.</param>
    public static bool TryParse(string text, out ulong bytes, out string? problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Quantity.TryParse(text, "a size", "64MiB, 256KiB or 4096 (bytes)", Units, Mistaken, out bytes, out problem);
    }

    /// <summary>A size with the largest unit that writes it exactly: <c>64MiB</c>, <c>1536KiB</c>, <c>4097</c>.</summary>
    public static string Format(ulong bytes)
    {
        int unit = bytes == 0 ? 0 : Math.Min(BitOperations.TrailingZeroCount(bytes) / 10, 4);
        return unit == 0 ? $"{bytes}" : $"{bytes >> (unit * 10)}{"KMGT"[unit - 1]}iB";
    }

    // 64MB and 64M: ten or two to the power of something? The author says which.
    private static string? Mistaken(string number, string unit)
    {
        string upper = unit.ToUpperInvariant();
        int power = upper.Length is 1 or 2 && (upper.Length == 1 || upper[1] == 'B') ? "KMGT".IndexOf(upper[0], StringComparison.Ordinal) + 1 : 0;
        if (power == 0)
        {
            return null;
        }

        string binary = $"{number}{"KMGT"[power - 1]}iB";
        return ulong.TryParse(number, out ulong count) && count <= 1_000_000 ? $"{binary} or {count}{new string('0', power * 3)}" : binary;
    }
}
