// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Files;

/// <content>Opening by path, and looking whether the path still names the file.</content>
public sealed partial class PageFile
{
    /// <summary>Opens and locks a file or block device.</summary>
    /// <param name="path">Where it is; a symbolic link is followed.</param>
    /// <param name="length">Bytes that it must have at least: a multiple of <see cref="PageBytes"/>, not 0.</param>
    /// <param name="options">How.</param>
    /// <param name="file">The file; null on failure.</param>
    /// <param name="reason">Why not, and what would be right; empty on success.</param>
    /// <returns><see cref="Errno.ENOENT"/>; <see cref="Errno.EISDIR"/>; <see cref="Errno.EINVAL"/> for what is neither a file nor a block device, is too short, or cannot be used past the page cache;
    /// <see cref="Errno.EACCES"/>, <see cref="Errno.EPERM"/>, <see cref="Errno.EROFS"/> for what cannot be written; <see cref="Errno.EBUSY"/> while somebody else has it; <see cref="Errno.ENOSPC"/>,
    /// <see cref="Errno.EDQUOT"/>, <see cref="Errno.EFBIG"/> where a new one finds no room: none is left then.</returns>
    public static Errno TryOpen(string path, ulong length, PageFileOptions options, out PageFile? file, out string reason)
    {
        file = null;
        Errno errno = MappingRules.CheckPath(path, out reason);
        errno = errno == Errno.None ? CheckLength(path, length, out reason) : errno;
        if (errno != Errno.None)
        {
            return errno;
        }

        bool isNew = false;
        if (options.HasFlag(PageFileOptions.Create))
        {
            errno = TryMake(path, length, out isNew, out reason);
        }

        errno = errno == Errno.None ? TryOpenThere(path, length, options, out file, out reason) : errno;
        if (errno != Errno.None && isNew)
        {
            _ = LibC.UnlinkAt(PathFlags.AT_FDCWD, path, 0);
        }

        return errno;
    }

    /// <summary>Whether a path still names a file.</summary>
    /// <param name="path">The path.</param>
    /// <param name="identity">The file.</param>
    /// <param name="reason">What it names instead; empty on success.</param>
    /// <returns><see cref="Errno.ENOENT"/> where it names nothing; <see cref="Errno.EXDEV"/> where it names another file: who opens it now gets other bytes than those who have it open.</returns>
    public static Errno TryCheckPath(string path, FileIdentity identity, out string reason)
    {
        Errno errno = TryFindPlace(path, out SafeFileHandle? place, out StatxRecord record, out reason);
        using (place)
        {
            if (errno != Errno.None)
            {
                return errno;
            }

            FileIdentity now = IdentityOf(record);
            reason = now == identity
                ? ""
                : $"{path}: it names another file now ({now}) than the one that is in use ({identity}): the old one was moved away or replaced, and goes when it is closed";
            return now == identity ? Errno.None : Errno.EXDEV;
        }
    }

    private static Errno TryOpenThere(string path, ulong length, PageFileOptions options, out PageFile? file, out string reason)
    {
        file = null;

        // First its place alone, so that a FIFO is not waited for and a device not started; then that very file.
        Errno errno = TryFindPlace(path, out SafeFileHandle? place, out StatxRecord record, out reason);
        using (place)
        {
            errno = errno == Errno.None ? CheckKind(record, path, out reason) : errno;
            if (errno != Errno.None)
            {
                return errno;
            }

            string there = $"/proc/self/fd/{place!.DangerousGetHandle()}";
            const OpenFlags Flags = OpenFlags.O_RDWR | OpenFlags.O_CLOEXEC;
            SafeFileHandle handle = LibC.OpenAt(PathFlags.AT_FDCWD, there, Flags | LibC.OpenDirect, 0);
            errno = handle.IsInvalid ? LibC.LastError : Errno.None;
            if (errno == Errno.EINVAL && options.HasFlag(PageFileOptions.AllowBuffered))
            {
                handle = LibC.OpenAt(PathFlags.AT_FDCWD, there, Flags, 0);
                errno = handle.IsInvalid ? LibC.LastError : Errno.None;
            }

            reason = errno switch
            {
                Errno.None => "",
                Errno.EINVAL => NotDirect(path),
                Errno.EACCES or Errno.EPERM => $"{path}: this user may not write it, and a store has to be written",
                Errno.EROFS => $"{path}: its file system is read-only, and a store has to be written",
                Errno.ETXTBSY => $"{path}: it is a program that runs",
                _ => $"{path}: {MappingRules.Meaning(errno)}",
            };
            errno = errno == Errno.None ? TryLock(handle, path, out reason) : errno;
            errno = errno == Errno.None ? TryTake(handle, path, length, options, out file, out reason) : errno;
            if (errno != Errno.None)
            {
                handle.Dispose();
            }

            return errno;
        }
    }

    private static Errno TryFindPlace(string path, out SafeFileHandle? place, out StatxRecord record, out string reason)
    {
        place = LibC.OpenAt(PathFlags.AT_FDCWD, path, OpenFlags.O_PATH | OpenFlags.O_CLOEXEC, 0);
        record = default;
        bool isThere = !place.IsInvalid && LibC.Statx(place, "", PathFlags.AT_EMPTY_PATH, StatxMask.STATX_BASIC_STATS, out record) == 0;
        Errno errno = isThere ? Errno.None : LibC.LastError;
        reason = isThere ? "" : $"{path}: {MappingRules.Meaning(errno)}";
        return errno;
    }

    /// <summary>Makes a file with all its blocks where there is nothing.</summary>
    private static Errno TryMake(string path, ulong length, out bool isNew, out string reason)
    {
        const uint OwnerReadsAndWrites = 0x180;
        reason = "";
        using SafeFileHandle made = LibC.OpenAt(PathFlags.AT_FDCWD, path, OpenFlags.O_RDWR | OpenFlags.O_CREAT | OpenFlags.O_EXCL | OpenFlags.O_CLOEXEC, OwnerReadsAndWrites);
        isNew = !made.IsInvalid;
        Errno errno = isNew ? Errno.None : LibC.LastError;
        if (errno == Errno.EEXIST)
        {
            return Errno.None;
        }

        errno = errno == Errno.None ? MappingCalls.ResultOf(LibC.Fallocate(made, FallocateMode.FALLOC_FL_ALLOCATE_RANGE, 0, (long)length)) : errno;

        // Without blocks in advance writes may find the disk full, and tell.
        errno = errno == Errno.EOPNOTSUPP ? MappingCalls.ResultOf(LibC.Ftruncate(made, (long)length)) : errno;
        reason = errno switch
        {
            Errno.None => "",
            Errno.ENOSPC => $"{path}: the disk has no room for {length} bytes",
            Errno.EDQUOT => $"{path}: the quota of this user has no room for {length} bytes",
            _ => $"{path}: {MappingRules.Meaning(errno)}",
        };
        return errno;
    }

    private static Errno TryLock(SafeFileHandle handle, string path, out string reason)
    {
        FileLock all = new() { Type = LockType.F_WRLCK, Whence = LockOrigin.SEEK_SET };
        Errno errno = LibC.Fcntl(handle, LockCommand.F_OFD_SETLK, ref all) == 0 ? Errno.None : LibC.LastError;
        bool isBusy = errno is Errno.EAGAIN or Errno.EACCES;
        reason = errno == Errno.None ? "" : isBusy ? $"{path}: somebody else has it: wait until that is done, or find who with lslocks" : $"{path}: {MappingRules.Meaning(errno)}";
        return isBusy ? Errno.EBUSY : errno;
    }
}
