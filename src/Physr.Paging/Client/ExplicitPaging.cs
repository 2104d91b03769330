// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Engine;
using Physr.Paging.Stores;

namespace Physr.Paging.Client;

/// <summary>A region without page faults: the engine that a pager runs, in this process, moved by leases alone.</summary>
internal sealed class ExplicitPaging : IRegionHost, IDisposable
{
    private readonly Lock _lock = new();
    private readonly RegionEngine _engine;
    private readonly PageStore _store;
    private readonly FaultLane _lane;
    private bool _isShort;

    private ExplicitPaging(RegionParts parts, PageStore store, FaultLane lane, ulong budgetPages)
    {
        _store = store;
        _lane = lane;
        _engine = new(parts.Control!, new ExplicitWindow(parts.Mapping!, parts.Window!), store, new((long)budgetPages, whole: null), this);
    }

    /// <summary>Opens the store and takes the right to touch from the whole window.</summary>
    public static Errno TryCreate(RegionParts parts, ulong budgetPages, out ExplicitPaging? paging, out string reason)
    {
        paging = null;
        Errno errno = PageStore.TryOpen(parts.Store.Spec, parts.Store.Duplicates(), parts.Length, out PageStore? store, out reason);
        FaultLane? lane = null;
        errno = errno == Errno.None ? FaultLane.TryCreate(isWriter: false, out lane, out reason) : errno;
        errno = errno == Errno.None ? parts.Mapping!.Protect(parts.Mapping.Address, (nuint)parts.Length, read: false, write: false) : errno;
        if (errno != Errno.None)
        {
            reason = reason.Length == 0 ? $"the window cannot be protected ({errno})" : reason;
            store?.Dispose();
            lane?.Dispose();
            return errno;
        }

        paging = new(parts, store!, lane!, budgetPages);
        return Errno.None;
    }

    /// <summary>Brings in pages that leases wait for.</summary>
    public void Serve(ulong first, ulong count)
    {
        lock (_lock)
        {
            _engine.ServeWanted(first, count, _lane);
            _engine.ServePending(_lane);
            Settle();
        }
    }

    /// <summary>Brings in pages that nobody waits for.</summary>
    public void BringAhead(ulong first, ulong count)
    {
        lock (_lock)
        {
            _engine.BringAhead(first, (uint)count, _lane);
            Settle();
        }
    }

    /// <summary>Writes changed pages back.</summary>
    public Errno Persist(ulong first, ulong count, out string reason)
    {
        lock (_lock)
        {
            // Nobody else owns pages: whoever moves them holds the lock.
            PersistRequest request = new(first, count);
            _ = _engine.Persist(request, _lane);
            reason = request.Reason;
            return request.Errno;
        }
    }

    /// <summary>Takes pages out.</summary>
    public ulong Evict(ulong first, ulong count)
    {
        lock (_lock)
        {
            return (ulong)_engine.EvictRange(first, count, _lane);
        }
    }

    /// <summary>Sets how many pages may be there.</summary>
    public void SetBudget(long pages)
    {
        lock (_lock)
        {
            _engine.SetBudget(pages);
            Settle();
        }
    }

    /// <inheritdoc/>
    void IRegionHost.RunShort(RegionEngine region) => _isShort = true;

    /// <inheritdoc/>
    void IRegionHost.BringAhead(RegionEngine region, ulong first, uint count)
    {
        // Only faults are followed by what is ahead of them, and there are none.
    }

    /// <inheritdoc/>
    void IRegionHost.Ring(RegionEngine region)
    {
        // Nobody listens; the lease that waits looks for itself.
    }

    /// <inheritdoc/>
    long IRegionHost.EvictElsewhere(RegionEngine region, FaultLane lane) => 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_store.IsDurable)
            {
                _ = _engine.Persist(new(0, _engine.Pages), _lane);
            }

            _engine.Dispose();
            _store.Dispose();
            _lane.Dispose();
        }
    }

    private void Settle()
    {
        if (_isShort)
        {
            _isShort = false;
            _engine.EvictAhead(_lane);
        }
    }
}
