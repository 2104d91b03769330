// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>Which ways of a socket end (<c>sys/socket.h</c>).</summary>
internal enum ShutdownDirection
{
    /// <summary>Both.</summary>
    SHUT_RDWR = 2,
}
