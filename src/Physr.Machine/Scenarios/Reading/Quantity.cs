// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;

namespace Physr.Machine.Scenarios.Reading;

/// <summary>A number with a unit: decimal digits, perhaps a fraction, perhaps one space, a unit. Exact: what is no whole count of the base unit is refused.</summary>
internal static class Quantity
{
    /// <summary>Reads a quantity.</summary>
    /// <param name="text">What the author wrote.</param>
    /// <param name="noun">What it should be, with its article: <c>a size</c>.</param>
    /// <param name="example">What would be right: <c>64MiB</c>.</param>
    /// <param name="units">Each unit and how many base units it is; the empty unit allows bare numbers.</param>
    /// <param name="mistaken">What other people write, and the unit they mean; may be empty.</param>
    /// <param name="value">The count of base units.</param>
    /// <param name="problem">What is wrong and what would be right; null where nothing is.</param>
    public static bool TryParse(
        string text,
        string noun,
        string example,
        IReadOnlyDictionary<string, ulong> units,
        Func<string, string, string?> mistaken,
        out ulong value,
        out string? problem)
    {
        value = 0;
        string trimmed = text.Trim();
        if (trimmed.StartsWith('-') && trimmed.Length > 1 && char.IsAsciiDigit(trimmed[1]))
        {
            problem = $"{Phrase.Quote(text)} is negative; write {noun} like {example}";
            return false;
        }

        int end = 0;
        while (end < trimmed.Length && (char.IsAsciiDigit(trimmed[end]) || trimmed[end] == '.'))
        {
            end++;
        }

        string number = trimmed[..end];
        string unit = trimmed[end..];
        if (unit.StartsWith(' ') && unit.Length > 1 && unit[1] != ' ')
        {
            unit = unit[1..];
        }

        string[] parts = number.Split('.');
        if (parts.Length > 2 || parts.Any(static part => part.Length == 0))
        {
            problem = $"{Phrase.Quote(text)} is not {noun}; write it like {example}";
            return false;
        }

        if (!units.TryGetValue(unit, out ulong scale))
        {
            problem = $"{Phrase.Quote(text)} is not {noun}; {Suggest(number, unit, units, mistaken) ?? $"write it like {example}"}";
            return false;
        }

        return TryScale(text, parts, unit, scale, noun, out value, out problem);
    }

    private static bool TryScale(string text, string[] parts, string unit, ulong scale, string noun, out ulong value, out string? problem)
    {
        value = 0;
        string fraction = parts.Length == 2 ? parts[1].TrimEnd('0') : "";
        string digits = (parts[0] + fraction).TrimStart('0');

        // 25 digits times the largest scale (2^40, 10^15) stay below 2^128.
        if (digits.Length > 25 || fraction.Length > 18)
        {
            problem = $"{Phrase.Quote(text)} has more digits than {noun} can have";
            return false;
        }

        UInt128 count = digits.Length == 0 ? 0 : UInt128.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        (UInt128 whole, UInt128 rest) = UInt128.DivRem(count * scale, PowerOfTen(fraction.Length));
        if (rest != 0)
        {
            problem = $"{Phrase.Quote(text)} is not a whole number of {(unit.Length == 0 ? "units" : "base units")}; write more of a smaller unit";
            return false;
        }

        if (whole > ulong.MaxValue)
        {
            problem = $"{Phrase.Quote(text)} is too large for {noun}";
            return false;
        }

        value = (ulong)whole;
        problem = null;
        return true;
    }

    private static string? Suggest(string number, string unit, IReadOnlyDictionary<string, ulong> units, Func<string, string, string?> mistaken)
    {
        // A slip after the unit ('64MB?') should not hide what was meant.
        string bare = new([.. unit.Where(static c => char.IsAsciiLetter(c) || c == '/')]);
        if (mistaken(number, bare) is { } meant)
        {
            return $"did you mean {meant}?";
        }

        string[] near = [.. units.Keys.Where(known => known.Length > 0 && string.Equals(known, bare, StringComparison.OrdinalIgnoreCase))];
        return near.Length switch
        {
            0 => null,
            _ => $"did you mean {string.Join(" or ", near.Select(known => number + known))}?",
        };
    }

    private static UInt128 PowerOfTen(int exponent)
    {
        UInt128 power = 1;
        for (int i = 0; i < exponent; i++)
        {
            power *= 10;
        }

        return power;
    }
}
