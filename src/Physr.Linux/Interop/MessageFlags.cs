// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>How a message is sent or received, and what was met (<c>sys/socket.h</c>).</summary>
[Flags]
internal enum MessageFlags
{
    /// <summary>Control bytes were lost.</summary>
    MSG_CTRUNC = 8,

    /// <summary>Bytes were lost.</summary>
    MSG_TRUNC = 0x20,

    /// <summary>No waiting.</summary>
    MSG_DONTWAIT = 0x40,

    /// <summary>EPIPE without a SIGPIPE.</summary>
    MSG_NOSIGNAL = 0x4000,

    /// <summary>Programs that this process starts do not get what comes.</summary>
    MSG_CMSG_CLOEXEC = 0x40000000,
}
