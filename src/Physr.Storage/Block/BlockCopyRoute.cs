// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage;

/// <summary>How bytes went from one block device to another.</summary>
public enum BlockCopyRoute
{
    /// <summary>The target took them from where they lie: the source's sectors became ranges.</summary>
    FromRanges = 0,

    /// <summary>The source put them where they are to lie: the target's sectors became ranges.</summary>
    IntoRanges,

    /// <summary>Through memory between the two, because neither is memory, or the route between them does not allow it.</summary>
    Bounced,
}
