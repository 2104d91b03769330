// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What an option or a control message is of (<c>sys/socket.h</c>).</summary>
internal enum SocketLevel
{
    /// <summary>Sockets as such.</summary>
    SOL_SOCKET = 1,
}
