// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What is waited for, and what was met (<c>poll.h</c>).</summary>
[Flags]
internal enum PollEvents : short
{
    /// <summary>There is something to read.</summary>
    POLLIN = 1,

    /// <summary>An error.</summary>
    POLLERR = 8,

    /// <summary>The other end is gone.</summary>
    POLLHUP = 0x10,

    /// <summary>It is closed.</summary>
    POLLNVAL = 0x20,
}
