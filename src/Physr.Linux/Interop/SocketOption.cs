// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What can be asked of a socket (<c>sys/socket.h</c>).</summary>
internal enum SocketOption
{
    /// <summary>Who connected, at that moment.</summary>
    SO_PEERCRED = 17,
}
