// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What is asked of a file (<c>linux/stat.h</c>).</summary>
internal enum StatxMask : uint
{
    /// <summary>What <c>stat</c> tells.</summary>
    STATX_BASIC_STATS = 0x7ff,

    /// <summary>How transfers past the page cache must be aligned. Linux 6.1.</summary>
    STATX_DIOALIGN = 0x2000,
}
