// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Stores;

/// <summary>Who asked for a call.</summary>
internal interface IStoreRequester
{
    /// <summary>A call has ended, or has timed out: then it belongs to its worker, and is not to be used again. Called on another thread than the one that asked.</summary>
    void End(StoreRequest request, bool isTimedOut);
}
