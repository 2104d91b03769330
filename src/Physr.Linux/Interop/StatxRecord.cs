// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>What is known of a file (<c>struct statx</c>); the parts that are read.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct StatxRecord
{
    /// <summary><c>stx_mask</c>: what of all that was asked is told.</summary>
    [FieldOffset(0)]
    public StatxMask Mask;

    /// <summary><c>stx_blksize</c>: what it is read in, in bytes; of hugetlbfs, its page.</summary>
    [FieldOffset(4)]
    public uint BlockSize;

    /// <summary><c>stx_attributes</c>.</summary>
    [FieldOffset(8)]
    public StatxAttributes Attributes;

    /// <summary><c>stx_mode</c>: <see cref="FileModes"/> and permissions.</summary>
    [FieldOffset(28)]
    public ushort Mode;

    /// <summary><c>stx_ino</c>: its number on its device.</summary>
    [FieldOffset(32)]
    public ulong Inode;

    /// <summary><c>stx_size</c>, in bytes.</summary>
    [FieldOffset(40)]
    public ulong Size;

    /// <summary><c>stx_blocks</c>: what it takes, in units of 512 bytes.</summary>
    [FieldOffset(48)]
    public ulong Blocks;

    /// <summary><c>stx_rdev_major</c>: the device that it is.</summary>
    [FieldOffset(128)]
    public uint OwnDeviceMajor;

    /// <summary><c>stx_rdev_minor</c>.</summary>
    [FieldOffset(132)]
    public uint OwnDeviceMinor;

    /// <summary><c>stx_dev_major</c>: the device that it lies on; 0 for what lies on none.</summary>
    [FieldOffset(136)]
    public uint DeviceMajor;

    /// <summary><c>stx_dev_minor</c>.</summary>
    [FieldOffset(140)]
    public uint DeviceMinor;

    /// <summary><c>stx_dio_mem_align</c>: of memory, in bytes, for transfers past the page cache; 0: there are none.</summary>
    [FieldOffset(152)]
    public uint DirectMemoryAlignment;

    /// <summary><c>stx_dio_offset_align</c>: of offsets and lengths.</summary>
    [FieldOffset(156)]
    public uint DirectOffsetAlignment;
}
