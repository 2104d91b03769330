// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Mapped;

/// <summary>What a block device tells of itself.</summary>
internal static class BlockDevice
{
    /// <summary>Bytes; null where it does not tell, as one that was opened as a place alone.</summary>
    public static unsafe ulong? LengthOf(SafeFileHandle file)
    {
        // SAFETY: the kernel writes one number of 64 bits, into a local.
        ulong length = 0;
        return LibC.Ioctl(file, (ulong)BlockIoctl.BLKGETSIZE64, &length) == 0 ? length : null;
    }

    /// <summary>The smallest unit of transfers, in bytes; null where it does not tell.</summary>
    public static unsafe uint? SectorOf(SafeFileHandle file)
    {
        // SAFETY: the kernel writes one number of 32 bits, into a local.
        int bytes = 0;
        return LibC.Ioctl(file, (ulong)BlockIoctl.BLKSSZGET, &bytes) == 0 && bytes > 0 ? (uint)bytes : null;
    }
}
