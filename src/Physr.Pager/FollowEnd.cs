// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pager;

/// <summary>Why a pager stopped waiting.</summary>
internal enum FollowEnd
{
    /// <summary>It is the first, or the one before it died: it serves now.</summary>
    Serve,

    /// <summary>It is not needed.</summary>
    Quit,

    /// <summary>It does not understand what it is told.</summary>
    Garbage,
}
