// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Stores;

/// <summary>How far a call is.</summary>
internal enum StoreRequestState
{
    /// <summary>Nobody asked for anything.</summary>
    Idle,

    /// <summary>It waits for a worker.</summary>
    Queued,

    /// <summary>A worker makes it.</summary>
    Running,

    /// <summary>It has ended.</summary>
    Ended,

    /// <summary>It took too long: its owner was told so, and whatever becomes of it is ignored.</summary>
    TimedOut,
}
