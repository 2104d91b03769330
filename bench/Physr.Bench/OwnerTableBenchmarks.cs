// Copyright (c) The Physr authors. Licensed under the MIT license.

using BenchmarkDotNet.Attributes;
using Physr.Memory;

namespace Physr.Bench;

/// <summary>BenchmarkDotNet: one pass over the random addresses of <see cref="OwnerSet"/>.</summary>
[MemoryDiagnoser]
public class OwnerTableBenchmarks
{
    private OwnerSet _set = null!;
    private OwnerTable _owners = null!;
    private FlatTable _flat = null!;
    private FlatTable _leaves = null!;
    private SortedArrayMap _array = null!;

    [Params(8, 64, 1024)]
    public int Count { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _set = new(Count);
        _owners = OwnerTable.Build(_set.Ranges);
        _flat = new(_set, leaves4K: false);
        _leaves = new(_set, leaves4K: true);
        _array = _set.ToSortedArray();
    }

    [Benchmark(OperationsPerInvoke = OwnerSet.Points)]
    public ulong OwnerTableIndependent() => OwnerWalks.Independent(_owners, _set.Probes);

    [Benchmark(OperationsPerInvoke = OwnerSet.Points)]
    public ulong OwnerTableDependent() => OwnerWalks.Dependent(_owners, _set.Probes);

    [Benchmark(Baseline = true, OperationsPerInvoke = OwnerSet.Points)]
    public ulong FlatTableIndependent() => OwnerWalks.Independent(_flat, _set.Probes);

    [Benchmark(OperationsPerInvoke = OwnerSet.Points)]
    public ulong FlatTableDependent() => OwnerWalks.Dependent(_flat, _set.Probes);

    [Benchmark(OperationsPerInvoke = OwnerSet.Points)]
    public ulong FlatLeavesIndependent() => OwnerWalks.Independent(_leaves, _set.Probes);

    [Benchmark(OperationsPerInvoke = OwnerSet.Points)]
    public ulong FlatLeavesDependent() => OwnerWalks.Dependent(_leaves, _set.Probes);

    [Benchmark(OperationsPerInvoke = OwnerSet.Points)]
    public ulong SortedArrayIndependent() => OwnerWalks.Independent(_array, _set.Probes);
}
