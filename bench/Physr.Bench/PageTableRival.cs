// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Bench;

/// <summary>The page table of <c>native/pagetable_baseline.c</c>, driven in loops of its own so that no call into C is timed with it.</summary>
// SAFETY: the functions have the signatures of native/pagetable_baseline.c, compiled with this project; arrays are pinned while C has their addresses, and their lengths go with them.
internal sealed unsafe class PageTableRival : IDisposable
{
    private readonly NativeBaseline _library;
    private readonly delegate* unmanaged<ulong, nint> _new;
    private readonly delegate* unmanaged<nint, void> _delete;
    private readonly delegate* unmanaged<nint, ulong, ulong, ulong, ulong, ulong, ulong> _map;
    private readonly delegate* unmanaged<nint, ulong, ulong, ulong, ulong, ulong> _unmap;
    private readonly delegate* unmanaged<nint, ulong*, ulong, ulong> _walk;
    private readonly delegate* unmanaged<nint, ulong*, ulong, ulong> _chain;
    private nint _table;

    private PageTableRival(NativeBaseline library)
    {
        _library = library;
        _new = (delegate* unmanaged<ulong, nint>)library.Export("pt_new");
        _delete = (delegate* unmanaged<nint, void>)library.Export("pt_delete");
        _map = (delegate* unmanaged<nint, ulong, ulong, ulong, ulong, ulong, ulong>)library.Export("pt_map_many");
        _unmap = (delegate* unmanaged<nint, ulong, ulong, ulong, ulong, ulong>)library.Export("pt_unmap_many");
        _walk = (delegate* unmanaged<nint, ulong*, ulong, ulong>)library.Export("pt_walk_many");
        _chain = (delegate* unmanaged<nint, ulong*, ulong, ulong>)library.Export("pt_walk_chain");
    }

    public static PageTableRival? TryMake(out string why)
    {
        NativeBaseline? library = NativeBaseline.TryCompile("pagetable_baseline", asProgram: false, out why);
        return library is null ? null : new(library);
    }

    /// <summary>Begins again with an empty table that makes leaves of these sizes.</summary>
    public void Renew(ulong sizes)
    {
        Forget();
        _table = _new(sizes);
    }

    public ulong Map(PageTableWork work) => _map(_table, work.Iova, work.Physical, work.Length, work.Stride, (ulong)work.Calls);

    public ulong Unmap(PageTableWork work) => _unmap(_table, work.Iova, work.Length, work.Stride, (ulong)work.Calls);

    public ulong Walk(ulong[] probes)
    {
        fixed (ulong* first = probes)
        {
            return _walk(_table, first, (ulong)probes.Length);
        }
    }

    public ulong Chain(ulong[] probes)
    {
        fixed (ulong* first = probes)
        {
            return _chain(_table, first, (ulong)probes.Length);
        }
    }

    public void Dispose()
    {
        Forget();
        _library.Dispose();
    }

    private void Forget()
    {
        if (_table != 0)
        {
            _delete(_table);
            _table = 0;
        }
    }
}
