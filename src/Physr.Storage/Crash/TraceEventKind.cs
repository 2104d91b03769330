// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Crash;

/// <summary>What a traced medium saw, or its user said.</summary>
public enum TraceEventKind
{
    /// <summary>A store of one aligned unit of 8 bytes.</summary>
    Store = 0,

    /// <summary>A flush of a range: the lines it touches, or the pages where a medium is flushed by those.</summary>
    Flush,

    /// <summary>A fence: what was flushed before is durable.</summary>
    Fence,

    /// <summary>Something that the user said: <c>write 7 acknowledged</c>.</summary>
    Mark,
}
