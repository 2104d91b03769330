// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Bench;

/// <summary>Figures of several rounds, by name; what counts is their median, as the machine is not idle.</summary>
internal sealed class PagingSamples
{
    private readonly Dictionary<string, List<double>> _figures = new(StringComparer.Ordinal);

    /// <summary>The median of what was added.</summary>
    public double this[string name] => Median(_figures[name]);

    /// <summary>Adds a round's figure.</summary>
    public void Add(string name, double figure)
    {
        if (!_figures.TryGetValue(name, out List<double>? figures))
        {
            _figures.Add(name, figures = []);
        }

        figures.Add(figure);
    }

    /// <summary>Adds a round's figures, each with a prefix.</summary>
    public void Add(string prefix, Dictionary<string, double> figures)
    {
        foreach ((string name, double figure) in figures)
        {
            Add($"{prefix} {name}", figure);
        }
    }

    /// <summary>The median of each round's ratio of two figures that were taken one after the other.</summary>
    public double Ratio(string ours, string baseline) => Median([.. _figures[ours].Zip(_figures[baseline], static (a, b) => a / b)]);

    private static double Median(List<double> figures)
    {
        double[] sorted = [.. figures.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
