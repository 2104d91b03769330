// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What is waited for, and what was met (<c>sys/epoll.h</c>).</summary>
[Flags]
internal enum EpollEvents : uint
{
    /// <summary>There is something to read.</summary>
    EPOLLIN = 1,

    /// <summary>An error; always waited for.</summary>
    EPOLLERR = 8,

    /// <summary>The other end is gone; always waited for.</summary>
    EPOLLHUP = 0x10,

    /// <summary>One of those who wait is woken, not all.</summary>
    EPOLLEXCLUSIVE = 1 << 28,
}
