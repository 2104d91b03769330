// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux;

/// <content>Opening, making and mapping files.</content>
public sealed partial class FileMapping
{
    /// <summary>Maps a file that is there. Its length and its bytes stay as they are; holes in it get blocks, unless it is opened read-only.</summary>
    /// <param name="path">The file; a symbolic link is followed.</param>
    /// <param name="length">Bytes that it must have, all of which are mapped; 0 takes what it has.</param>
    /// <param name="isReadOnly">No stores; any number of such mappings may be at one time.</param>
    /// <param name="mapping">The mapping; null on failure.</param>
    /// <param name="reason">Why not, and what would be right; empty on success.</param>
    /// <returns><see cref="Errno.ENOENT"/>; <see cref="Errno.EISDIR"/>; <see cref="Errno.EINVAL"/> for what is no regular file, or has another length, none or no whole number of pages;
    /// <see cref="Errno.EACCES"/>, <see cref="Errno.EROFS"/>; <see cref="Errno.EBUSY"/> while somebody else has it; <see cref="Errno.ENOSPC"/> where its holes find no blocks; others as <c>open</c> and
    /// <c>mmap</c> have them. Nothing was written then.</returns>
    public static Errno TryOpen(string path, ulong length, bool isReadOnly, out FileMapping? mapping, out string reason) =>
        TryOpen(path, length, isReadOnly, MappingCalls.Kernel, out mapping, out reason);

    /// <summary>Makes a file of zeros, gives it all its blocks and maps it. File and name are durable on return.</summary>
    /// <param name="path">Where it will be; nothing may be there.</param>
    /// <param name="length">Bytes: a multiple of <see cref="PageBytes"/>, not 0.</param>
    /// <param name="mapping">The mapping; null on failure.</param>
    /// <param name="reason">Why not, and what would be right; empty on success.</param>
    /// <returns><see cref="Errno.EINVAL"/> for such a length; <see cref="Errno.EEXIST"/>; <see cref="Errno.ENOSPC"/>, <see cref="Errno.EDQUOT"/>, <see cref="Errno.EFBIG"/>; others as <c>open</c> and
    /// <c>mmap</c> have them. No file is left then.</returns>
    public static Errno TryCreate(string path, ulong length, out FileMapping? mapping, out string reason) => TryCreate(path, length, MappingCalls.Kernel, out mapping, out reason);

    /// <summary>Maps a file that has no name and lies in memory alone (<c>memfd</c>): gone with the last who has it.</summary>
    /// <param name="name">A name for <c>/proc</c>.</param>
    /// <param name="length">Bytes: a multiple of <see cref="PageBytes"/>, not 0.</param>
    /// <param name="mapping">The mapping; null on failure.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.EINVAL"/> for such a length or name; <see cref="Errno.ENOSPC"/> where memory is short.</returns>
    public static Errno TryCreateInMemory(string name, ulong length, out FileMapping? mapping, out string reason)
    {
        mapping = null;
        Errno errno = MappingRules.CheckNew(name, length, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        SafeFileHandle file = LibC.MemfdCreate(name, MemfdFlags.MFD_CLOEXEC);
        errno = file.IsInvalid ? LibC.LastError : TryFill(file, name, length, MappingCalls.Kernel, out reason);
        return errno == Errno.None ? TryMap(name, file, length, false, MappingCalls.Kernel, out mapping, out reason) : Refuse(file, errno, name, ref reason);
    }

    /// <summary>As <see cref="TryOpen(string, ulong, bool, out FileMapping?, out string)"/>, over other calls.</summary>
    internal static Errno TryOpen(string path, ulong length, bool isReadOnly, MappingCalls calls, out FileMapping? mapping, out string reason)
    {
        mapping = null;
        Errno errno = MappingRules.CheckPath(path, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        // First its place alone, so that a FIFO is not waited for and a device not started; then that very file.
        using SafeFileHandle place = LibC.OpenAt(PathFlags.AT_FDCWD, path, OpenFlags.O_PATH | OpenFlags.O_CLOEXEC, 0);
        if (place.IsInvalid)
        {
            return Refuse(place, LibC.LastError, path, ref reason);
        }

        errno = MappingRules.CheckFile(place, path, length, out StatxRecord record, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        SafeFileHandle file = LibC.OpenAt(PathFlags.AT_FDCWD, $"/proc/self/fd/{place.DangerousGetHandle()}", (isReadOnly ? OpenFlags.O_RDONLY : OpenFlags.O_RDWR) | OpenFlags.O_CLOEXEC, 0);
        errno = file.IsInvalid ? LibC.LastError : TryLock(file, path, isReadOnly, out reason);

        // Whoever had it until now may have changed its length.
        errno = errno == Errno.None ? MappingRules.CheckFile(file, path, length, out record, out reason) : errno;
        if (errno == Errno.None && !isReadOnly && record.Blocks < record.Size / 512)
        {
            errno = calls.Allocate(file, FallocateMode.FALLOC_FL_KEEP_SIZE, record.Size);
            if (errno == Errno.EOPNOTSUPP)
            {
                reason = $"{path}: it has holes, which this file system gives no blocks in advance: a later store could find the disk full. Copy it without holes (cp --sparse=never)";
            }
        }

        return errno == Errno.None ? TryMap(path, file, record.Size, isReadOnly, calls, out mapping, out reason) : Refuse(file, errno, path, ref reason);
    }

    /// <summary>As <see cref="TryCreate(string, ulong, out FileMapping?, out string)"/>, over other calls.</summary>
    internal static Errno TryCreate(string path, ulong length, MappingCalls calls, out FileMapping? mapping, out string reason)
    {
        mapping = null;
        Errno errno = MappingRules.CheckNew(path, length, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        const uint OwnerReadsAndWrites = 0x180;
        SafeFileHandle file = LibC.OpenAt(PathFlags.AT_FDCWD, path, OpenFlags.O_RDWR | OpenFlags.O_CREAT | OpenFlags.O_EXCL | OpenFlags.O_CLOEXEC, OwnerReadsAndWrites);
        if (file.IsInvalid)
        {
            return Refuse(file, LibC.LastError, path, ref reason);
        }

        errno = TryLock(file, path, false, out reason);
        errno = errno == Errno.None ? TryFill(file, path, length, calls, out reason) : errno;
        errno = errno == Errno.None ? TrySyncName(file, path, calls) : errno;
        errno = errno == Errno.None ? TryMap(path, file, length, false, calls, out mapping, out reason) : Refuse(file, errno, path, ref reason);
        if (errno != Errno.None)
        {
            // It was made here, and nobody has it.
            _ = LibC.UnlinkAt(PathFlags.AT_FDCWD, path, 0);
        }

        return errno;
    }
}
