// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;

namespace Physr.Cli.Page;

/// <summary>Draws ranks by Zipf's law in constant time and memory, however many there are.</summary>
/// <remarks>Source: W. Hörmann and G. Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions", ACM TOMACS 6 (1996).</remarks>
internal sealed class ZipfRanks
{
    /// <summary>How steep it is.</summary>
    public const double Exponent = 0.99;

    private readonly int _count;
    private readonly double _first;
    private readonly double _last;
    private readonly double _accepted;

    /// <summary>Prepares for a number of ranks.</summary>
    public ZipfRanks(int count)
    {
        _count = count;
        _first = Integral(1.5) - 1;
        _last = Integral(count + 0.5);
        _accepted = 2 - Inverse(Integral(2.5) - Math.Pow(2, -Exponent));
    }

    /// <summary>The next rank, from 0 on; 0 is the most frequent.</summary>
    public int Next(SeededRandom random)
    {
        while (true)
        {
            double place = _last + (Chance(random) * (_first - _last));
            double exact = Inverse(place);
            double rank = Math.Clamp(Math.Round(exact), 1, _count);
            if (rank - exact <= _accepted || place >= Integral(rank + 0.5) - Math.Pow(rank, -Exponent))
            {
                return (int)rank - 1;
            }
        }
    }

    /// <summary>A number from 0 to just below 1.</summary>
    internal static double Chance(SeededRandom random) => (random.Next() >> 11) * (1.0 / (1UL << 53));

    private static double Integral(double x) => (Math.Pow(x, 1 - Exponent) - 1) / (1 - Exponent);

    private static double Inverse(double y) => Math.Pow(1 + (y * (1 - Exponent)), 1 / (1 - Exponent));
}
