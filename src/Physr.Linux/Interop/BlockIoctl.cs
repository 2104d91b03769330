// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What a block device is asked (<c>linux/fs.h</c>).</summary>
internal enum BlockIoctl : ulong
{
    /// <summary>The smallest unit of transfers, in bytes: an <c>int</c>.</summary>
    BLKSSZGET = 0x1268,

    /// <summary>Its length in bytes: 64 bits.</summary>
    BLKGETSIZE64 = 0x8008_1272,
}
