// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;

namespace Physr.Machine.Scenarios.Reading;

/// <summary>Turns of phrase that messages share: quoting, lists of choices, the nearest known word.</summary>
internal static class Phrase
{
    private const int LongestQuote = 48;
    private const int MostChoices = 12;

    /// <summary>Text from the author, in quotes, cut where it is long, with control characters made visible.</summary>
    public static string Quote(string text)
    {
        StringBuilder quoted = new("'");
        foreach (char c in text)
        {
            if (quoted.Length > LongestQuote)
            {
                quoted.Append("...");
                break;
            }

            quoted.Append(char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' ? $"\\u{(int)c:x4}" : c.ToString());
        }

        return quoted.Append('\'').ToString();
    }

    /// <summary><c>a, b, c</c>, cut where there are many; <c>none</c> where there is none.</summary>
    public static string List(IEnumerable<string> choices)
    {
        string[] all = [.. choices];
        return all.Length switch
        {
            0 => "none",
            <= MostChoices => string.Join(", ", all),
            _ => $"{string.Join(", ", all.Take(MostChoices))} and {all.Length - MostChoices} more",
        };
    }

    /// <summary><c>; did you mean 'x'?</c> where something known is near, else nothing.</summary>
    public static string DidYouMean(string word, IEnumerable<string> known) =>
        Nearest(word, known) is { } near ? $"; did you mean {Quote(near)}?" : "";

    /// <summary><c>the nearest are 4KiB and 8KiB</c>: the multiples of <paramref name="unit"/> around a size that is none.</summary>
    public static string NearestMultiples(ulong value, ulong unit) => NearestMultiples(value, unit, least: unit);

    /// <summary>As above, leaving out what is below <paramref name="least"/>, or larger than a size can be.</summary>
    public static string NearestMultiples(ulong value, ulong unit, ulong least)
    {
        ulong down = value - (value % unit);
        ulong up = unchecked(down + unit);
        return down < least ? $"the nearest is {SizeText.Format(up)}"
            : up < down ? $"the nearest is {SizeText.Format(down)}"
            : $"the nearest are {SizeText.Format(down)} and {SizeText.Format(up)}";
    }

    /// <summary>The known word that a slip of the keyboard could have turned into <paramref name="word"/>, or null.</summary>
    public static string? Nearest(string word, IEnumerable<string> known)
    {
        string? best = null;
        int bestDistance = int.MaxValue;
        foreach (string candidate in known)
        {
            // Two slips at most, and never so many that the words share less than half.
            int distance = Distance(Simplify(word), Simplify(candidate));
            if (distance < bestDistance && distance <= 2 && distance * 2 < Math.Max(word.Length, candidate.Length))
            {
                (best, bestDistance) = (candidate, distance);
            }
        }

        return best;
    }

    // Case, hyphens and underscores are no difference: queue_depth is queueDepth.
    private static string Simplify(string word) =>
        word.Length > 64
            ? word[..64]
            : word.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToUpperInvariant();

    // Edits between two words, a swap of neighbours being one (optimal string alignment).
    private static int Distance(string a, string b)
    {
        int[,] cost = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            cost[i, 0] = i;
        }

        for (int j = 0; j <= b.Length; j++)
        {
            cost[0, j] = j;
        }

        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                int substitute = cost[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                int best = Math.Min(substitute, Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1);
                bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                cost[i, j] = swapped ? Math.Min(best, cost[i - 2, j - 2] + 1) : best;
            }
        }

        return cost[a.Length, b.Length];
    }
}
