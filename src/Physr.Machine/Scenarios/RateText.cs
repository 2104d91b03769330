// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Scenarios.Reading;

namespace Physr.Machine.Scenarios;

/// <summary>Rates as data sheets write them: decimal bytes (<c>38GB/s</c>) or bits (<c>100Gb/s</c>), or binary bytes (<c>32GiB/s</c>) per second.</summary>
public static class RateText
{
    // In bits per second, so that bits are exact; a rate is then divided by eight.
    private static readonly Dictionary<string, ulong> Units = new(StringComparer.Ordinal)
    {
        ["B/s"] = 8,
        ["kB/s"] = 8_000,
        ["MB/s"] = 8_000_000,
        ["GB/s"] = 8_000_000_000,
        ["TB/s"] = 8_000_000_000_000,
        ["KiB/s"] = 8UL << 10,
        ["MiB/s"] = 8UL << 20,
        ["GiB/s"] = 8UL << 30,
        ["TiB/s"] = 8UL << 40,
        ["kb/s"] = 1_000,
        ["Mb/s"] = 1_000_000,
        ["Gb/s"] = 1_000_000_000,
        ["Tb/s"] = 1_000_000_000_000,
    };

    /// <summary>Reads a rate.</summary>
    /// <param name="text">As <c>38GB/s</c>, <c>100Gb/s</c> or <c>3.5GB/s</c>.</param>
    /// <param name="bytesPerSecond">The rate in bytes per second.</param>
    /// <param name="problem">What is wrong and what would be right, or null.</param>
    public static bool TryParse(string text, out ulong bytesPerSecond, out string? problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        bool read = Quantity.TryParse(text, "a rate", "38GB/s (bytes) or 100Gb/s (bits)", Units, Mistaken, out ulong bits, out problem);
        bytesPerSecond = bits / 8;
        return read;
    }

    // 100Gbps, 38GBps, 38GB, 38G
    private static string? Mistaken(string number, string unit)
    {
        if (unit.Length == 0)
        {
            return null;
        }

        string prefix = unit[0] is 'k' or 'K' ? "k" : unit[..1].ToUpperInvariant();
        string rest = unit[1..];
        bool hasPrefix = prefix is "k" or "M" or "G" or "T";
        return (hasPrefix, rest) switch
        {
            (true, "bps" or "bit/s" or "bits/s") => $"{number}{prefix}b/s",
            (true, "Bps" or "B") => $"{number}{prefix}B/s",
            (true, "b") => $"{number}{prefix}b/s",
            (true, "iB" or "iBps") => $"{number}{prefix.ToUpperInvariant()}iB/s",
            (true, "") => $"{number}{prefix}B/s (bytes) or {number}{prefix}b/s (bits)",
            _ => null,
        };
    }
}
