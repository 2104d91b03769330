// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>The numbers file systems are known by (<c>linux/magic.h</c>).</summary>
internal enum FileSystemMagic : long
{
    /// <summary>ext2, ext3 and ext4.</summary>
    EXT4_SUPER_MAGIC = 0xef53,

    /// <summary>XFS.</summary>
    XFS_SUPER_MAGIC = 0x58465342,

    /// <summary>Btrfs.</summary>
    BTRFS_SUPER_MAGIC = 0x9123683e,

    /// <summary>F2FS.</summary>
    F2FS_SUPER_MAGIC = 0xf2f52010,

    /// <summary>An overlay.</summary>
    OVERLAYFS_SUPER_MAGIC = 0x794c7630,

    /// <summary>NFS.</summary>
    NFS_SUPER_MAGIC = 0x6969,

    /// <summary>A file system in a process.</summary>
    FUSE_SUPER_MAGIC = 0x65735546,

    /// <summary>Memory: gone with the power.</summary>
    TMPFS_MAGIC = 0x01021994,

    /// <summary>Memory: gone with the power.</summary>
    RAMFS_MAGIC = 0x858458f6,

    /// <summary>Memory in large pages: gone with the power.</summary>
    HUGETLBFS_MAGIC = 0x958458f6,
}
