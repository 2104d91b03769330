// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>How a waiting list is made (<c>sys/epoll.h</c>).</summary>
internal enum EpollFlags
{
    /// <summary>Programs that this process starts do not get it.</summary>
    EPOLL_CLOEXEC = 0x80000,
}
