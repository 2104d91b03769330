// Copyright (c) The Physr authors. Licensed under the MIT license.

using BenchmarkDotNet.Attributes;

namespace Physr.Bench;

/// <summary>BenchmarkDotNet: building range lists.</summary>
[MemoryDiagnoser]
public class RangeListBenchmarks
{
    [Benchmark]
    public RangeList ScatteredGigabyte() => RangeListRatios.BuildScattered();

    [Benchmark]
    public RangeList ContiguousTerabyte() => RangeListRatios.BuildContiguous();
}
