// Copyright (c) The Physr authors. Licensed under the MIT license.

using BenchmarkDotNet.Attributes;

namespace Physr.Bench;

/// <summary>BenchmarkDotNet: one pass over the random points of <see cref="RangeSet"/>.</summary>
[MemoryDiagnoser]
public class RangeMapBenchmarks
{
    private RangeSet _set = null!;
    private SortedArrayMap _array = null!;
    private RangeMap<PhysicalAddress, int> _map = null!;

    [Params(1_000, 100_000, 1_000_000)]
    public int Count { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _set = new(Count);
        _array = _set.ToSortedArray();
        _map = _set.ToRangeMap();
    }

    [Benchmark(OperationsPerInvoke = RangeSet.Points)]
    public ulong RangeMapFind()
    {
        ulong sum = 0;
        foreach (ulong probe in _set.Probes)
        {
            _map.TryFind(new(probe), out int value, out PhysicalRange range);
            sum += (ulong)value + range.Length;
        }

        return sum;
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = RangeSet.Points)]
    public ulong SortedArrayFind()
    {
        ulong sum = 0;
        foreach (ulong probe in _set.Probes)
        {
            _array.TryFind(probe, out int value, out _, out ulong length);
            sum += (ulong)value + length;
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = RangeSet.Points)]
    public void RangeMapUpdate()
    {
        foreach (int i in _set.Order)
        {
            _map.TryRemove(_set.Ranges[i], out _);
            _map.TryAdd(_set.Ranges[i], i);
        }
    }
}
