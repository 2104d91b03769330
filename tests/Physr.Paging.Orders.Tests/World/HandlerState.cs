// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Engine;

namespace Physr.Paging.Orders.Tests;

/// <summary>What a pager keeps for one of its handlers.</summary>
internal sealed class HandlerState : IDisposable
{
    public HandlerState(SimulatedStore store)
    {
        if (store.IsBlocking)
        {
            Assert.Equal(Errno.None, DeferredReads.TryCreate(store, out DeferredReads? reads, out _));
            (Reads, Lane) = (reads, store.LastLane);
        }
    }

    /// <summary>Its way to a store that answers later.</summary>
    public DeferredReads? Reads { get; }

    public SimulatedLane? Lane { get; }

    /// <summary>Whether room was made for pages that wait.</summary>
    public bool IsSignalled { get; set; }

    /// <summary>Whether it has something to do.</summary>
    public bool HasWork => IsSignalled || Lane is { HasEnded: true };

    /// <summary>Whether it may not end yet.</summary>
    public bool IsOwing => HasWork || Reads is { HasWaiting: true } || Lane is { Pending: > 0 };

    public void Dispose() => Reads?.Dispose();
}
