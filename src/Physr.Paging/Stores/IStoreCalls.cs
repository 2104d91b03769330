// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Stores;

/// <summary>A store's calls that may take long or hang, as <see cref="StoreWorkers"/> makes them on threads of its own.</summary>
internal interface IStoreCalls
{
    /// <summary>Makes one call, and waits for it.</summary>
    /// <param name="call">Which.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="memory">Bytes that nobody else has.</param>
    /// <param name="length">How many.</param>
    /// <param name="reason">What was wrong; empty on success.</param>
    Errno Call(StoreCall call, ulong offset, nint memory, nuint length, out string reason);

    /// <summary>Notes why a call failed.</summary>
    void Failed(Errno errno, string reason);
}
