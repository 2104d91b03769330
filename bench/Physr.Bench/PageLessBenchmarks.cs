// Copyright (c) The Physr authors. Licensed under the MIT license.

using BenchmarkDotNet.Attributes;

namespace Physr.Bench;

/// <summary>BenchmarkDotNet: one transfer of <see cref="PageLessRig"/> against the same bytes copied twice.</summary>
[MemoryDiagnoser]
public class PageLessBenchmarks : IDisposable
{
    private PageLessRig? _rig;

    [Params(4, 256)]
    public int MiB { get; set; }

    [Params(64, 256, 1024)]
    public int ChunkKiB { get; set; }

    [GlobalSetup]
    public void Setup() => _rig = new((ulong)MiB << 20, (uint)ChunkKiB << 10, Math.Min(8, (MiB << 10) / ChunkKiB));

    [GlobalCleanup]
    public void Dispose()
    {
        _rig?.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public void PageLessRoute() => _rig!.Move();

    [Benchmark(Baseline = true)]
    public void CopyTwice() => _rig!.CopyTwice();
}
