// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>Whom a socket reaches (<c>sys/socket.h</c>).</summary>
internal enum SocketFamily
{
    /// <summary>This machine.</summary>
    AF_UNIX = 1,
}
