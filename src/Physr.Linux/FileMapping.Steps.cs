// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux;

/// <content>The steps of opening and making.</content>
public sealed partial class FileMapping
{
    private static Errno TryLock(SafeFileHandle file, string path, bool isReadOnly, out string reason)
    {
        reason = "";
        FileLock all = new() { Type = isReadOnly ? LockType.F_RDLCK : LockType.F_WRLCK, Whence = LockOrigin.SEEK_SET };
        if (LibC.Fcntl(file, LockCommand.F_OFD_SETLK, ref all) == 0)
        {
            return Errno.None;
        }

        Errno errno = LibC.LastError;
        if (errno is Errno.EAGAIN or Errno.EACCES)
        {
            reason = $"{path}: somebody else has it{(isReadOnly ? " for writing" : "")}: wait until that is done, or find who with lslocks";
            errno = Errno.EBUSY;
        }

        return errno;
    }

    /// <summary>Gives the lock back. Closing the file would not do: a process that is being started has it too, between <c>fork</c> and <c>exec</c>, and with it the lock.</summary>
    private static void Unlock(SafeFileHandle file)
    {
        FileLock all = new() { Type = LockType.F_UNLCK, Whence = LockOrigin.SEEK_SET };
        _ = LibC.Fcntl(file, LockCommand.F_OFD_SETLK, ref all);
    }

    /// <summary>Gives a new file its length and all its blocks: zeros are written where the file system cannot give blocks without.</summary>
    private static Errno TryFill(SafeFileHandle file, string path, ulong length, MappingCalls calls, out string reason)
    {
        reason = "";
        Errno errno = calls.Allocate(file, FallocateMode.FALLOC_FL_ALLOCATE_RANGE, length);
        if (errno != Errno.EOPNOTSUPP)
        {
            return errno;
        }

        byte[] zeros = new byte[1 << 20];
        try
        {
            for (ulong done = 0; done < length;)
            {
                int count = (int)Math.Min((ulong)zeros.Length, length - done);
                RandomAccess.Write(file, zeros.AsSpan(0, count), (long)done);
                done += (ulong)count;
            }

            return Errno.None;
        }
        catch (IOException exception)
        {
            reason = $"{path}: {exception.Message}";
            return (Errno)(exception.HResult & 0xffff);
        }
    }

    /// <summary>Makes a new file durable, and then its name.</summary>
    private static Errno TrySyncName(SafeFileHandle file, string path, MappingCalls calls)
    {
        Errno errno = calls.SyncFile(file);
        if (errno != Errno.None)
        {
            return errno;
        }

        string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        using SafeFileHandle handle = LibC.OpenAt(PathFlags.AT_FDCWD, folder, OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC, 0);

        // Some file systems have no such call for folders (EINVAL): there is nothing to wait for then.
        errno = handle.IsInvalid ? LibC.LastError : calls.SyncFile(handle);
        return errno == Errno.EINVAL ? Errno.None : errno;
    }

    /// <summary>Maps; the file is closed on failure.</summary>
    private static Errno TryMap(string path, SafeFileHandle file, ulong length, bool isReadOnly, MappingCalls calls, out FileMapping? mapping, out string reason)
    {
        mapping = null;
        reason = "";
        if (LibC.Statx(file, "", PathFlags.AT_EMPTY_PATH, StatxMask.STATX_BASIC_STATS, out StatxRecord record) != 0 || LibC.Fstatfs(file, out FileSystemRecord system) != 0)
        {
            return Refuse(file, LibC.LastError, path, ref reason);
        }

        Protection protection = isReadOnly ? Protection.PROT_READ : Protection.PROT_READ | Protection.PROT_WRITE;
        SyncKind sync = SyncKind.MapSync;
        Errno errno = calls.Map(file, length, protection, MapFlags.MAP_SHARED_VALIDATE | MapFlags.MAP_SYNC, out nint address);

        // EINVAL: kernels before 4.15 do not know the flag.
        if (errno is Errno.EOPNOTSUPP or Errno.EINVAL)
        {
            sync = SyncKind.Msync;
            errno = calls.Map(file, length, protection, MapFlags.MAP_SHARED, out address);
        }

        if (errno != Errno.None)
        {
            return Refuse(file, errno, path, ref reason);
        }

        bool isDax = record.Attributes.HasFlag(StatxAttributes.STATX_ATTR_DAX);
        mapping = new(path, file, new(address, (nuint)length), length, isReadOnly, calls) { Sync = sync, FileSystem = FileSystemKind.Of(system.Type, isDax) };
        return Errno.None;
    }

    private static Errno Refuse(SafeFileHandle file, Errno errno, string path, ref string reason)
    {
        if (!file.IsInvalid)
        {
            Unlock(file);
        }

        file.Dispose();
        if (reason.Length == 0)
        {
            reason = $"{path}: {MappingRules.Meaning(errno)}";
        }

        return errno;
    }
}
