// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Engine;

/// <summary>The places between which a pager can die and leave a page in different states.</summary>
internal enum PagerStep
{
    /// <summary>A fault's event was read, and nothing was done.</summary>
    FaultRead,

    /// <summary>A page is owned for filling, its bytes not read.</summary>
    FillClaimed,

    /// <summary>The bytes were read, not published.</summary>
    FillRead,

    /// <summary>The bytes are published, the word does not say so.</summary>
    FillPublished,

    /// <summary>The word says that the page is there; the owner has not let go of those who wait.</summary>
    FillEnded,

    /// <summary>A page is owned so that it may be written to; it is still write-protected.</summary>
    WriteClaimed,

    /// <summary>It may be written to, the word does not say so.</summary>
    WriteAllowed,

    /// <summary>Pages are owned for eviction, and not write-protected.</summary>
    EvictClaimed,

    /// <summary>They are write-protected, not in the store.</summary>
    EvictProtected,

    /// <summary>They are in the store and in the window.</summary>
    EvictSaved,

    /// <summary>They left the window; the words do not say so.</summary>
    EvictRemoved,

    /// <summary>Pages are owned for writing back, and write-protected.</summary>
    PersistProtected,

    /// <summary>They are in the store, the words do not say so.</summary>
    PersistSaved,

    /// <summary>The store was flushed; nobody has been told.</summary>
    PersistFlushed,

    /// <summary>A word says what leases waited for; those that sleep on it have not been woken.</summary>
    LeaseWakes,
}
