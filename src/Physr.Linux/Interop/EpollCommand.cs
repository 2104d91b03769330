// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What is done with a waiting list (<c>sys/epoll.h</c>).</summary>
internal enum EpollCommand
{
    /// <summary>One more.</summary>
    EPOLL_CTL_ADD = 1,

    /// <summary>One less.</summary>
    EPOLL_CTL_DEL = 2,
}
