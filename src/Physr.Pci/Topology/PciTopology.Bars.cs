// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics.CodeAnalysis;

namespace Physr.Pci.Topology;

public sealed partial class PciTopology
{
    private Bar[]? _bars;
    private int _barsGeneration;

    /// <summary>Finds the BAR that decodes a physical address (row R45a), in a time that grows with the logarithm of their number.</summary>
    /// <param name="address">Any physical address.</param>
    /// <param name="function">The function whose BAR it is.</param>
    /// <param name="bar">The BAR; of nested ones (row R45b) the one that starts last.</param>
    public bool TryFindBar(PhysicalAddress address, [NotNullWhen(true)] out PciFunction? function, out PciResource bar)
    {
        if (_bars is null || _barsGeneration != Generation)
        {
            _bars = SortBars();
            _barsGeneration = Generation;
        }

        int low = 0;
        int high = _bars.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _bars[middle].Resource.Range.Start.Value <= address.Value ? (middle + 1, high) : (low, middle);
        }

        // BARs of a sound host are disjoint, so this looks at one; overlapping ones are searched as far down as any still reaches up here.
        for (int i = low - 1; i >= 0 && _bars[i].ReachesTo > address.Value; i--)
        {
            if (_bars[i].Resource.Range.Contains(address))
            {
                (function, bar) = (_bars[i].Function, _bars[i].Resource);
                return true;
            }
        }

        function = null;
        bar = default;
        return false;
    }

    private Bar[] SortBars()
    {
        Bar[] bars =
        [
            .. from function in _functions
               from resource in function.Resources
               where resource.IsMemoryBar && resource.IsAssigned
               orderby resource.Range.Start.Value, resource.Range.Length descending
               select new Bar(function, resource),
        ];
        ulong reach = 0;
        foreach (Bar bar in bars)
        {
            reach = Math.Max(reach, bar.Resource.Range.End.Value);
            bar.ReachesTo = reach;
        }

        return bars;
    }

    private sealed class Bar(PciFunction function, PciResource resource)
    {
        internal PciFunction Function { get; } = function;

        internal PciResource Resource { get; } = resource;

        /// <summary>The furthest end of this BAR and all that start before it.</summary>
        internal ulong ReachesTo { get; set; }
    }
}
