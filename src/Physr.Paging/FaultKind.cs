// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging;

/// <summary>Why the pager was called.</summary>
public enum FaultKind
{
    /// <summary>The page was not in the window.</summary>
    Missing = 0,

    /// <summary>The page was in the window and not in the page table.</summary>
    Minor = 1,

    /// <summary>A clean page was written to.</summary>
    Write = 2,

    /// <summary>A lease waited for the page.</summary>
    Lease = 3,

    /// <summary>The page was brought in before somebody touched it.</summary>
    Ahead = 4,
}
