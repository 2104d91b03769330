// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Mapped;

/// <summary>Opening files and asking what they are.</summary>
internal static class MappedFiles
{
    /// <summary>Opens what is a regular file or a device, and nothing else: first its place alone, so that a FIFO is not waited for; then that very file.</summary>
    public static Errno TryOpen(string path, OpenFlags flags, out SafeFileHandle? file, out string reason)
    {
        (file, reason) = (null, "");
        using SafeFileHandle place = LibC.OpenAt(PathFlags.AT_FDCWD, path, OpenFlags.O_PATH | OpenFlags.O_CLOEXEC, 0);
        Errno errno = place.IsInvalid ? LibC.LastError : TryMeasure(place, path, out _, out reason);
        if (errno != Errno.None)
        {
            return Refuse(errno, path, ref reason);
        }

        SafeFileHandle opened = LibC.OpenAt(PathFlags.AT_FDCWD, $"/proc/self/fd/{place.DangerousGetHandle()}", flags | OpenFlags.O_CLOEXEC, 0);
        if (opened.IsInvalid)
        {
            errno = LibC.LastError;
            bool isDirect = flags.HasFlag(LibC.OpenDirect) && errno == Errno.EINVAL && LibC.Fstatfs(place, out FileSystemRecord system) == 0 && RefuseDirect(system, path, out reason);
            return Refuse(isDirect ? Errno.EOPNOTSUPP : errno, path, ref reason);
        }

        file = opened;
        return Errno.None;
    }

    /// <summary>Tells what a file is, how long, and in which pages.</summary>
    public static Errno TryMeasure(SafeFileHandle file, string name, out MappedSource? source, out string reason)
    {
        (source, reason) = (null, "");
        if (LibC.Statx(file, "", PathFlags.AT_EMPTY_PATH, StatxMask.STATX_BASIC_STATS, out StatxRecord record) != 0 || LibC.Fstatfs(file, out FileSystemRecord system) != 0)
        {
            return Refuse(LibC.LastError, name, ref reason);
        }

        FileModes kind = (FileModes)record.Mode & FileModes.S_IFMT;
        if (kind is not (FileModes.S_IFREG or FileModes.S_IFBLK or FileModes.S_IFCHR))
        {
            reason = $"{name}: it is {MappingRules.NameOf(kind)}: a regular file or a device is needed";
            return kind == FileModes.S_IFDIR ? Errno.EISDIR : Errno.EINVAL;
        }

        bool isHuge = kind == FileModes.S_IFREG && system.Type == FileSystemMagic.HUGETLBFS_MAGIC;
        ulong? length = kind switch
        {
            FileModes.S_IFREG => record.Size,
            FileModes.S_IFBLK => BlockDevice.LengthOf(file),
            _ => null,
        };
        source = new(MappedKind.File, name, file, isHuge ? record.BlockSize : MappedRules.SystemPage, length);
        return Errno.None;
    }

    /// <summary>An error with its meaning, unless a reason is there already.</summary>
    public static Errno Refuse(Errno errno, string name, ref string reason)
    {
        if (reason.Length == 0)
        {
            reason = $"{name}: {MappingRules.Meaning(errno)}";
        }

        return errno;
    }

    private static bool RefuseDirect(FileSystemRecord system, string path, out string reason)
    {
        reason = $"{path}: its file system ({FileSystemKind.Of(system.Type, isDax: false).Name}) has no transfers past the page cache: use an ordinary {nameof(FileStream)}, or another file system";
        return true;
    }
}
