// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <summary>What is to be remembered of a mapping.</summary>
[Flags]
internal enum DmaDebugEntryFlags : byte
{
    None = 0,

    /// <summary>Nobody has asked yet whether the map failed.</summary>
    Unchecked = 1,

    /// <summary>Its exporter took it back.</summary>
    Revoked = 2,

    /// <summary>The mapper is ending it: it is no longer in the way of others.</summary>
    Ending = 4,

    /// <summary>Its first cache line is counted.</summary>
    LineCounted = 8,

    /// <summary>The first segment of a list, which is found by memory too.</summary>
    ListHead = 16,

    /// <summary>A link that the device may use.</summary>
    Synced = 32,
}
