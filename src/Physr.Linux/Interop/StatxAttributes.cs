// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What else is true of a file (<c>linux/stat.h</c>).</summary>
[Flags]
internal enum StatxAttributes : ulong
{
    /// <summary>It is memory: mapped past the page cache.</summary>
    STATX_ATTR_DAX = 0x200000,
}
