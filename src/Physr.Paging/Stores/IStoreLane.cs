// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;

namespace Physr.Paging.Stores;

/// <summary>A thread's own way to a store that answers later: calls are queued, started together, and their ends collected when <see cref="Handle"/> is readable.</summary>
/// <remarks>Made anywhere; from the first call on it belongs to the thread that made that call, and only that thread disposes of it. Memory of a call belongs to the lane until the call's end was collected.
/// Nothing allocates, except after a call that timed out.</remarks>
internal interface IStoreLane : IDisposable
{
    /// <summary>For <c>epoll</c>: readable while ends of calls wait to be collected. It may be readable for nothing.</summary>
    SafeFileHandle Handle { get; }

    /// <summary>How many calls may be under way.</summary>
    int Depth { get; }

    /// <summary>Calls that were queued and whose ends were not collected.</summary>
    int Pending { get; }

    /// <summary>Queues a read.</summary>
    /// <param name="token">Comes back with its end.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="destination">Where the bytes go.</param>
    /// <param name="length">How many, no more than the store's <see cref="PageStore.RunPages"/> pages.</param>
    /// <returns><see cref="Errno.EAGAIN"/> when <see cref="Depth"/> calls are under way; <see cref="Errno.EINVAL"/> for a range that is none.</returns>
    Errno TryRead(ulong token, ulong offset, nint destination, nuint length);

    /// <summary>Queues a write; as <see cref="TryRead"/>.</summary>
    Errno TryWrite(ulong token, ulong offset, nint source, nuint length);

    /// <summary>Starts what is queued.</summary>
    /// <returns>An error where nothing could be started just now: the calls stay queued, try again.</returns>
    Errno Submit();

    /// <summary>Collects ends of calls, in any order. Does not wait.</summary>
    /// <returns>How many.</returns>
    int Reap(Span<StoreCompletion> completions);
}
