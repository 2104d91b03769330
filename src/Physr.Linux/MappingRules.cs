// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux;

/// <summary>What may be mapped, and how a refusal is put.</summary>
internal static class MappingRules
{
    /// <summary>Whether a path can be handed to the kernel as it is.</summary>
    public static Errno CheckPath(string path, out string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        reason = "";
        if (!OperatingSystem.IsLinux())
        {
            reason = $"{path}: files are mapped on Linux only";
            return Errno.EOPNOTSUPP;
        }

        if (path.Contains('\0'))
        {
            reason = "a path with a zero character in it names no file";
            return Errno.EINVAL;
        }

        return Errno.None;
    }

    /// <summary>Whether a file could be made there with that length.</summary>
    public static Errno CheckNew(string path, ulong length, out string reason)
    {
        Errno errno = CheckPath(path, out reason);
        return errno != Errno.None ? errno : CheckLength(path, length, "it would have", out reason);
    }

    /// <summary>Whether a file is regular and as long as asked.</summary>
    public static Errno CheckFile(SafeFileHandle file, string path, ulong length, out StatxRecord record, out string reason)
    {
        reason = "";
        if (LibC.Statx(file, "", PathFlags.AT_EMPTY_PATH, StatxMask.STATX_BASIC_STATS, out record) != 0)
        {
            Errno errno = LibC.LastError;
            reason = $"{path}: {Meaning(errno)}";
            return errno;
        }

        FileModes kind = (FileModes)record.Mode & FileModes.S_IFMT;
        if (kind != FileModes.S_IFREG)
        {
            reason = $"{path}: it is {NameOf(kind)}: a regular file is needed";
            return kind == FileModes.S_IFDIR ? Errno.EISDIR : Errno.EINVAL;
        }

        if (length != 0 && record.Size != length)
        {
            reason = $"{path}: it has {record.Size} bytes, and {length} are asked for";
            return Errno.EINVAL;
        }

        return CheckLength(path, record.Size, "it has", out reason);
    }

    /// <summary>What an error of the kernel means for somebody who wants to map a file.</summary>
    public static string Meaning(Errno errno) => errno switch
    {
        Errno.ENOENT => "there is no such file or folder",
        Errno.ENOTDIR => "a part of the path is no folder",
        Errno.EISDIR => "it is a folder: a regular file is needed",
        Errno.EEXIST => "it is there already: open it, or take it away",
        Errno.EACCES or Errno.EPERM => "this user may not: change its permissions, or open it read-only",
        Errno.EROFS => "its file system is read-only: open it read-only too",
        Errno.ENOSPC => "the disk is full: all of the file needs blocks before it is mapped",
        Errno.EDQUOT => "the quota of this user is used up: all of the file needs blocks before it is mapped",
        Errno.EFBIG => "the file system or RLIMIT_FSIZE allows no file so long",
        Errno.ENODEV => "its file system cannot map files",
        Errno.ENOMEM => "there is no room in this process's addresses, or no memory",
        Errno.EMFILE or Errno.ENFILE => "too many files are open",
        Errno.EIO => "the disk could not be read or written",
        _ => $"the kernel says {errno}",
    };

    private static Errno CheckLength(string path, ulong length, string has, out string reason)
    {
        bool isRight = length != 0 && length % FileMapping.PageBytes == 0 && length <= long.MaxValue;
        reason = isRight ? "" : $"{path}: {has} {length} bytes: a multiple of {FileMapping.PageBytes} that is not 0 is needed";
        return isRight ? Errno.None : Errno.EINVAL;
    }

    internal static string NameOf(FileModes kind) => kind switch
    {
        FileModes.S_IFDIR => "a folder",
        FileModes.S_IFIFO => "a FIFO",
        FileModes.S_IFSOCK => "a socket",
        FileModes.S_IFBLK => "a block device",
        FileModes.S_IFCHR => "a character device",
        _ => "something else",
    };
}
