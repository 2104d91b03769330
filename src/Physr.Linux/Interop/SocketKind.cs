// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>How a socket carries bytes (<c>sys/socket.h</c>).</summary>
internal enum SocketKind
{
    /// <summary>Whole messages, in order, between two ends.</summary>
    SOCK_SEQPACKET = 5,

    /// <summary>Nobody waits in it.</summary>
    SOCK_NONBLOCK = 0x800,

    /// <summary>Programs that this process starts do not get it.</summary>
    SOCK_CLOEXEC = 0x80000,
}
