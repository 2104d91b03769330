// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pager;

/// <summary>What wakes a handler.</summary>
internal enum HandlerSource : byte
{
    /// <summary>Another thread of the pager.</summary>
    Command = 0,

    /// <summary>A region's userfaultfd.</summary>
    Faults = 1,

    /// <summary>A region's doorbell.</summary>
    Doorbell = 2,

    /// <summary>Reads of a region's store that ended.</summary>
    Reads = 3,
}
