// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Interop;

namespace Physr.Linux;

/// <summary>What a file lies on.</summary>
/// <param name="Name">Its usual name, or its number in hexadecimal.</param>
/// <param name="IsVolatile">Whether it is gone with the power, so that nothing on it is ever durable; its files do outlive the processes that use them.</param>
/// <param name="IsDax">Whether this file is memory, mapped past the page cache.</param>
public readonly record struct FileSystemKind(string Name, bool IsVolatile, bool IsDax)
{
    /// <summary>Names a file system by its number.</summary>
    internal static FileSystemKind Of(FileSystemMagic magic, bool isDax) => magic switch
    {
        FileSystemMagic.EXT4_SUPER_MAGIC => new("ext4", false, isDax),
        FileSystemMagic.XFS_SUPER_MAGIC => new("xfs", false, isDax),
        FileSystemMagic.BTRFS_SUPER_MAGIC => new("btrfs", false, isDax),
        FileSystemMagic.F2FS_SUPER_MAGIC => new("f2fs", false, isDax),
        FileSystemMagic.OVERLAYFS_SUPER_MAGIC => new("overlay", false, isDax),
        FileSystemMagic.NFS_SUPER_MAGIC => new("nfs", false, isDax),
        FileSystemMagic.FUSE_SUPER_MAGIC => new("fuse", false, isDax),
        FileSystemMagic.TMPFS_MAGIC => new("tmpfs", true, isDax),
        FileSystemMagic.RAMFS_MAGIC => new("ramfs", true, isDax),
        FileSystemMagic.HUGETLBFS_MAGIC => new("hugetlbfs", true, isDax),
        _ => new($"0x{(long)magic:x}", false, isDax),
    };
}
