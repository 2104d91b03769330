// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Files;

/// <content>What may be used, and taking over a descriptor.</content>
public sealed partial class PageFile
{
    /// <summary>Takes over a descriptor that another process opened with <see cref="TryOpen"/> and sent.</summary>
    /// <param name="received">The descriptor. This object closes it from now on, unless the call fails.</param>
    /// <param name="length">Bytes that it must have at least: a multiple of <see cref="PageBytes"/>, not 0.</param>
    /// <param name="options">Whether one through the page cache will do.</param>
    /// <param name="file">The file; null on failure.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.EBADF"/> for what is closed or was not opened for both reading and writing; <see cref="Errno.EINVAL"/> and <see cref="Errno.EISDIR"/> as <see cref="TryOpen"/>.</returns>
    public static Errno TryAdopt(SafeFileHandle received, ulong length, PageFileOptions options, out PageFile? file, out string reason)
    {
        file = null;
        Errno errno = DescriptorKind.TryOf(received, out string name, out reason);
        errno = errno == Errno.None ? CheckLength(name, length, out reason) : errno;
        return errno == Errno.None ? TryTake(received, name, length, options, out file, out reason) : errno;
    }

    private static Errno TryTake(SafeFileHandle handle, string name, ulong length, PageFileOptions options, out PageFile? file, out string reason)
    {
        file = null;
        int flags = LibC.Fcntl(handle, DescriptorCommand.F_GETFL, 0);
        if (flags < 0 || LibC.Statx(handle, "", PathFlags.AT_EMPTY_PATH, StatxMask.STATX_BASIC_STATS | StatxMask.STATX_DIOALIGN, out StatxRecord record) != 0)
        {
            Errno refused = LibC.LastError;
            reason = $"{name}: {MappingRules.Meaning(refused)}";
            return refused;
        }

        Errno errno = CheckKind(record, name, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        const OpenFlags Access = OpenFlags.O_RDWR | (OpenFlags)1;
        if (((OpenFlags)flags & (Access | OpenFlags.O_PATH)) != OpenFlags.O_RDWR)
        {
            reason = $"{name}: it was not opened for both reading and writing";
            return Errno.EBADF;
        }

        bool isDirect = ((OpenFlags)flags & LibC.OpenDirect) != OpenFlags.O_RDONLY;
        if (!isDirect && !options.HasFlag(PageFileOptions.AllowBuffered))
        {
            reason = NotDirect(name);
            return Errno.EINVAL;
        }

        if (isDirect && record.Mask.HasFlag(StatxMask.STATX_DIOALIGN) && (record.DirectOffsetAlignment is 0 or > PageBytes || record.DirectMemoryAlignment > PageBytes))
        {
            reason = record.DirectOffsetAlignment == 0
                ? NotDirect(name)
                : $"{name}: past the page cache it is read in units of {Math.Max(record.DirectOffsetAlignment, record.DirectMemoryAlignment)} bytes, and pages have {PageBytes}";
            return Errno.EINVAL;
        }

        // Of a block device the length is where it ends, and not what statx says.
        long end = LibC.Lseek(handle, 0, SeekTarget.SEEK_END);
        if (end < 0 || (ulong)end < length)
        {
            reason = $"{name}: it has {end} bytes, and {length} are needed: make it longer (truncate -s {length}), or the region smaller";
            return Errno.EINVAL;
        }

        file = new(handle, name, length, isDirect, IdentityOf(record));
        return Errno.None;
    }

    private static Errno CheckKind(in StatxRecord record, string name, out string reason)
    {
        FileModes kind = (FileModes)record.Mode & FileModes.S_IFMT;
        bool isRight = kind is FileModes.S_IFREG or FileModes.S_IFBLK;
        reason = isRight ? "" : $"{name}: it is {MappingRules.NameOf(kind)}: a regular file or a block device is needed";
        return isRight ? Errno.None : kind == FileModes.S_IFDIR ? Errno.EISDIR : Errno.EINVAL;
    }

    private static Errno CheckLength(string name, ulong length, out string reason)
    {
        bool isRight = length != 0 && length % PageBytes == 0 && length <= long.MaxValue;
        reason = isRight ? "" : $"{name}: {length} bytes are no whole pages of {PageBytes}";
        return isRight ? Errno.None : Errno.EINVAL;
    }

    private static string NotDirect(string name) =>
        $"{name}: its file system cannot be read and written past the page cache (O_DIRECT): put it on another (ext4, XFS, btrfs, or tmpfs from Linux 6.6 on), or allow the page cache";

    private static FileIdentity IdentityOf(in StatxRecord record) => ((FileModes)record.Mode & FileModes.S_IFMT) == FileModes.S_IFBLK
        ? new(record.OwnDeviceMajor, record.OwnDeviceMinor, 0)
        : new(record.DeviceMajor, record.DeviceMinor, record.Inode);
}
