// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>How a counter is made (<c>sys/eventfd.h</c>).</summary>
[Flags]
internal enum EventfdFlags
{
    /// <summary>Nobody waits in <c>read</c>.</summary>
    EFD_NONBLOCK = 0x800,

    /// <summary>Programs that this process starts do not get it.</summary>
    EFD_CLOEXEC = 0x80000,
}
