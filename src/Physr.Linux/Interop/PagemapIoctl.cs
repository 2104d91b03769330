// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>The commands of <c>/proc/PID/pagemap</c> (<c>linux/fs.h</c>).</summary>
internal enum PagemapIoctl : ulong
{
    /// <summary>Find pages by what is true of them. Linux 6.7.</summary>
    PAGEMAP_SCAN = 0xc0606610,
}
