// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>How a file in memory is made (<c>sys/mman.h</c>).</summary>
internal enum MemfdFlags : uint
{
    /// <summary>Programs that this process starts do not get it.</summary>
    MFD_CLOEXEC = 1,
}
