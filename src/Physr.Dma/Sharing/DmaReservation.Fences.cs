// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing.Protocol;

namespace Physr.Dma.Sharing;

/// <content>The fences.</content>
public sealed partial class DmaReservation
{
    private readonly Lock _fenceLock = new();
    private readonly List<(DmaFence Fence, DmaFenceUsage Usage)> _fences = [];
    private int _freeSlots;

    /// <summary>Fences that are not signalled.</summary>
    public int PendingFences
    {
        get
        {
            lock (_fenceLock)
            {
                return _fences.Count(static entry => !entry.Fence.IsSignalled);
            }
        }
    }

    /// <summary>Makes room for fences; must come before <see cref="AddFence"/>, which cannot fail, and lasts until the lock is given back (<c>dma_resv_reserve_fences</c>).</summary>
    /// <param name="count">How many.</param>
    /// <returns><see cref="Errno.ENOMEM"/>.</returns>
    /// <exception cref="PhysrException">The lock is not held by this thread.</exception>
    public Errno ReserveFences(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        MustBeHeld("reserve fences");
        if (_allocations?.TryPass("dma fences") == false)
        {
            return Errno.ENOMEM;
        }

        lock (_fenceLock)
        {
            _fences.RemoveAll(static entry => entry.Fence.IsSignalled);
            _fences.EnsureCapacity(_fences.Count + count);
        }

        _freeSlots = Math.Max(_freeSlots, count);
        return Errno.None;
    }

    /// <summary>Adds the fence of a transfer that is about to start; it takes the place of an earlier one of the same context and usage (<c>dma_resv_add_fence</c>).</summary>
    /// <exception cref="PhysrException">The lock is not held by this thread, or no room was made.</exception>
    public void AddFence(DmaFence fence, DmaFenceUsage usage)
    {
        ArgumentNullException.ThrowIfNull(fence);
        MustBeHeld("add fence");
        if (_freeSlots == 0)
        {
            throw new PhysrException("add fence", Name, Errno.EINVAL, "no room was reserved for it");
        }

        _freeSlots--;
        if (Observer is { } observer)
        {
            fence.Observe(() => observer(RevocableStep.AddFence), () => observer(RevocableStep.SignalFence));
        }

        lock (_fenceLock)
        {
            int earlier = _fences.FindIndex(entry => entry.Usage == usage && fence.Cookie.IsLaterThan(entry.Fence.Cookie));
            if (earlier >= 0)
            {
                _fences[earlier] = (fence, usage);
            }
            else
            {
                _fences.Add((fence, usage));
            }
        }
    }

    /// <summary>A fence that is not signalled, of a usage or one before it; null where there is none.</summary>
    public DmaFence? FindPending(DmaFenceUsage usage)
    {
        lock (_fenceLock)
        {
            foreach ((DmaFence fence, DmaFenceUsage of) in _fences)
            {
                if (of <= usage && !fence.IsSignalled)
                {
                    return fence;
                }
            }

            return null;
        }
    }

    /// <summary>Waits until no fence of a usage, or of one before it, is pending (<c>dma_resv_wait_timeout</c>, without a timeout).</summary>
    /// <param name="usage">Which; <see cref="DmaFenceUsage.Bookkeep"/> is all.</param>
    /// <param name="cancellationToken">Gives the wait up.</param>
    /// <exception cref="OperationCanceledException">The wait was given up.</exception>
    public void Wait(DmaFenceUsage usage, CancellationToken cancellationToken = default)
    {
        while (FindPending(usage) is { } fence)
        {
            fence.Wait(cancellationToken);
        }
    }
}
