// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Bench;

/// <summary>The map and unmap of <c>native/dma_map_baseline.c</c>, in a loop of its own.</summary>
// SAFETY: the functions have the signatures of native/dma_map_baseline.c, compiled with this project; arrays are pinned while C has their addresses, and their lengths go with them.
internal sealed unsafe class DmaMapRival : IDisposable
{
    private readonly NativeBaseline _library;
    private readonly nint _dma;
    private readonly ulong[] _live;
    private readonly delegate* unmanaged<nint, ulong*, uint*, ulong, ulong, ulong, ulong, ulong, ulong> _pairs;

    private DmaMapRival(NativeBaseline library, ulong sizes, DmaMapWork work)
    {
        _library = library;
        _dma = ((delegate* unmanaged<ulong, ulong, nint>)library.Export("dma_new"))((1UL << 47) - 1, sizes);
        _pairs = (delegate* unmanaged<nint, ulong*, uint*, ulong, ulong, ulong, ulong, ulong, ulong>)library.Export("dma_pairs");
        var map = (delegate* unmanaged<nint, ulong, ulong, ulong, ulong>)library.Export("dma_map");
        _live = [.. Enumerable.Range(0, DmaMapWork.Live).Select(i => map(_dma, work.PhysicalOf((uint)i), work.Length, ulong.MaxValue))];
    }

    public static DmaMapRival? TryMake(ulong sizes, DmaMapWork work, out string why)
    {
        NativeBaseline? library = NativeBaseline.TryCompile("dma_map_baseline", asProgram: false, out why);
        return library is null ? null : new(library, sizes, work);
    }

    public void Run(DmaMapWork work)
    {
        fixed (ulong* live = _live)
        fixed (uint* victims = work.Victims)
        {
            if (_pairs(_dma, live, victims, (ulong)work.Victims.Length, DmaMapWork.Pairs, DmaMapWork.First, work.Length, ulong.MaxValue) != 0)
            {
                throw new InvalidOperationException("The baseline's space is full.");
            }
        }
    }

    public void Dispose() => _library.Dispose();
}
