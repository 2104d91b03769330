// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>The kind of a file in its mode (<c>sys/stat.h</c>).</summary>
internal enum FileModes
{
    /// <summary>The bits that tell the kind.</summary>
    S_IFMT = 0xf000,

    /// <summary>A FIFO.</summary>
    S_IFIFO = 0x1000,

    /// <summary>A character device.</summary>
    S_IFCHR = 0x2000,

    /// <summary>A folder.</summary>
    S_IFDIR = 0x4000,

    /// <summary>A block device.</summary>
    S_IFBLK = 0x6000,

    /// <summary>A regular file.</summary>
    S_IFREG = 0x8000,

    /// <summary>A socket.</summary>
    S_IFSOCK = 0xc000,
}
