// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Stores;

/// <summary>How far a page's write has come in a compressed store: after each, the process may be killed.</summary>
internal enum CompressedStep
{
    /// <summary>Units were taken for the blob.</summary>
    Allocated,

    /// <summary>The blob is in its file.</summary>
    Written,

    /// <summary>The index says so: the page has its new bytes.</summary>
    Published,

    /// <summary>The old blob's units are free, and perhaps their memory given back.</summary>
    Freed,
}
