// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What the kernel is told of pages (<c>sys/mman.h</c>).</summary>
internal enum MemoryAdvice
{
    /// <summary>Map them now, for loads; what would be a SIGBUS later is an error now.</summary>
    MADV_POPULATE_READ = 22,

    /// <summary>Map them now, for stores; what would be a SIGBUS later is an error now.</summary>
    MADV_POPULATE_WRITE = 23,
}
