// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Compression;
using Physr.Linux.Files;
using Physr.Linux.Memory;

namespace Physr.Paging.Stores;

/// <content>The kinds.</content>
public sealed partial class RegionStore
{
    /// <summary>Pages in memory, as they are.</summary>
    /// <param name="length">Bytes, in whole pages of 4096.</param>
    /// <param name="store">The store; null on failure.</param>
    /// <param name="reason">What is wrong; empty on success.</param>
    /// <returns><see cref="Errno.EINVAL"/> for such a length; <see cref="Errno.EMFILE"/>; <see cref="Errno.EFBIG"/>.</returns>
    public static Errno TryMemory(ulong length, out RegionStore? store, out string reason)
    {
        store = null;
        Errno errno = CheckLength(length, out reason);
        MemoryFile? file = null;
        errno = errno == Errno.None ? MemoryFile.TryCreate("physr-store", length, out file, out reason) : errno;
        store = file is null ? null : new(new(StoreKind.Memory, length), [file.Handle]);
        return errno;
    }

    /// <summary>Pages in a regular file or on a block device, past the page cache, at the offsets that they have in the region.</summary>
    /// <param name="path">Where it is. It is locked until everybody who has it is done.</param>
    /// <param name="length">Bytes, in whole pages of 4096; the file may have more.</param>
    /// <param name="create">Whether it is made, with all its blocks, where it is not there.</param>
    /// <param name="allowBuffered">Whether it may go through the page cache where its file system knows no other way: pages are then in memory twice until the kernel has written them.</param>
    /// <param name="store">The store; null on failure.</param>
    /// <param name="reason">What is wrong, and what would be right; empty on success.</param>
    /// <returns><see cref="Errno.ENOENT"/>; <see cref="Errno.EISDIR"/>; <see cref="Errno.EINVAL"/> for such a length, and for what is neither a file nor a block device, is too short, or cannot be used past the page
    /// cache; <see cref="Errno.EACCES"/>, <see cref="Errno.EPERM"/>, <see cref="Errno.EROFS"/> for what cannot be written; <see cref="Errno.EBUSY"/> while somebody else has it; <see cref="Errno.ENOSPC"/>,
    /// <see cref="Errno.EDQUOT"/>, <see cref="Errno.EFBIG"/> where a new one finds no room.</returns>
    public static Errno TryFile(string path, ulong length, bool create, bool allowBuffered, out RegionStore? store, out string reason)
    {
        store = null;
        path = path.Length == 0 ? path : Path.GetFullPath(path);
        PageFileOptions options = (create ? PageFileOptions.Create : PageFileOptions.None) | (allowBuffered ? PageFileOptions.AllowBuffered : PageFileOptions.None);
        StoreSpec spec = new(StoreKind.File, length) { Path = path, AllowsBuffered = allowBuffered };
        Errno errno = CheckLength(length, out reason);
        errno = errno == Errno.None ? CheckSize(spec, out reason) : errno;
        PageFile? file = null;
        errno = errno == Errno.None ? PageFile.TryOpen(path, length, options, out file, out reason) : errno;
        store = file is null ? null : new(spec, [file.Handle], file.Identity);
        return errno;
    }

    /// <summary>Pages in memory, compressed with LZ4.</summary>
    /// <param name="length">Bytes, in whole pages of 4096.</param>
    /// <param name="store">The store; null on failure.</param>
    /// <param name="reason">What is wrong, or what to install; empty on success.</param>
    /// <returns><see cref="Errno.ENOENT"/> where the system has no liblz4; <see cref="Errno.EINVAL"/> for such a length; <see cref="Errno.EMFILE"/>; <see cref="Errno.EFBIG"/>.</returns>
    public static Errno TryLz4(ulong length, out RegionStore? store, out string reason)
    {
        const int Smallest = 1;
        Errno errno = Lz4Compressor.TryCreate(Smallest, out Lz4Compressor? compressor, out reason);
        compressor?.Dispose();
        return TryCompressed(errno, new(StoreKind.Lz4, length) { Level = Smallest }, out store, ref reason);
    }

    /// <summary>Pages in memory, compressed with Zstandard.</summary>
    /// <param name="length">Bytes, in whole pages of 4096.</param>
    /// <param name="level">1 is fast, 3 usual, 19 small and slow.</param>
    /// <param name="store">The store; null on failure.</param>
    /// <param name="reason">What is wrong, or what to install; empty on success.</param>
    /// <returns><see cref="Errno.ENOENT"/> where the system has no libzstd; <see cref="Errno.EINVAL"/> for such a length or level; <see cref="Errno.EMFILE"/>; <see cref="Errno.EFBIG"/>.</returns>
    public static Errno TryZstd(ulong length, int level, out RegionStore? store, out string reason)
    {
        Errno errno = ZstdCompressor.TryCreate(level, out ZstdCompressor? compressor, out reason);
        compressor?.Dispose();
        return TryCompressed(errno, new(StoreKind.Zstd, length) { Level = level }, out store, ref reason);
    }

    /// <summary>Pages where a type of yours puts them (<see cref="IBackingStore"/>). The pager loads its assembly; this process does not, unless the region needs no pager.</summary>
    /// <param name="assemblyPath">The assembly's file, with what it depends on beside it. The pager has to be able to read it.</param>
    /// <param name="typeName">The type's full name. It has a public constructor (string argument, ulong length) or (string argument).</param>
    /// <param name="argument">What it is made with.</param>
    /// <param name="length">Bytes, in whole pages of 4096: no more than its <see cref="IBackingStore.Length"/>.</param>
    /// <param name="timeLimit">How long a call may take before it fails: a millisecond to 24 days.</param>
    /// <param name="store">The store; null on failure.</param>
    /// <param name="reason">What is wrong; empty on success. Whether the type is right shows when the region is made.</param>
    /// <returns><see cref="Errno.ENOENT"/> where there is no such file; <see cref="Errno.EINVAL"/> for such a length or limit, and for texts that are too long.</returns>
    public static Errno TryUser(string assemblyPath, string typeName, string argument, ulong length, TimeSpan timeLimit, out RegionStore? store, out string reason)
    {
        store = null;
        double limit = timeLimit.TotalMilliseconds;
        assemblyPath = assemblyPath.Length == 0 ? assemblyPath : Path.GetFullPath(assemblyPath);
        Errno errno = CheckLength(length, out reason);
        if (errno == Errno.None && !System.IO.File.Exists(assemblyPath))
        {
            (errno, reason) = (Errno.ENOENT, $"{assemblyPath}: there is no such file");
        }
        else if (errno == Errno.None && limit is not (>= 1 and <= int.MaxValue))
        {
            (errno, reason) = (Errno.EINVAL, $"a time limit of {timeLimit} is none: a millisecond to 24 days is");
        }

        if (errno != Errno.None)
        {
            return errno;
        }

        StoreSpec spec = new(StoreKind.User, length) { Path = assemblyPath, TypeName = typeName, Argument = argument, TimeLimitMs = (int)limit };
        errno = CheckSize(spec, out reason);
        store = errno == Errno.None ? new(spec, []) : null;
        return errno;
    }

    private static Errno TryCompressed(Errno errno, StoreSpec spec, out RegionStore? store, ref string reason)
    {
        store = null;
        errno = errno == Errno.None ? CheckLength(spec.Length, out reason) : errno;
        if (errno == Errno.None && spec.Length > CompressedStore.MostLength)
        {
            (errno, reason) = (Errno.EINVAL, $"a compressed store has {CompressedStore.MostLength} bytes at most, and {spec.Length} are asked for");
        }

        MemoryFile? index = null, blobs = null;
        errno = errno == Errno.None ? MemoryFile.TryCreate("physr-index", CompressedStore.IndexBytes(spec.Length), out index, out reason) : errno;
        errno = errno == Errno.None ? MemoryFile.TryCreate("physr-blobs", BlobSpace.FileBytes(spec.Length), out blobs, out reason) : errno;
        if (errno != Errno.None)
        {
            index?.Dispose();
            return errno;
        }

        store = new(spec, [index!.Handle, blobs!.Handle]);
        return Errno.None;
    }

    private static Errno CheckLength(ulong length, out string reason)
    {
        bool isRight = length != 0 && length % PageStore.PageBytes == 0 && length <= long.MaxValue;
        reason = isRight ? "" : $"a store of {length} bytes is none: a multiple of {PageStore.PageBytes} that is not 0 is needed";
        return isRight ? Errno.None : Errno.EINVAL;
    }

    private static Errno CheckSize(StoreSpec spec, out string reason)
    {
        bool isRight = spec.Bytes <= StoreSpec.MostBytes - (StoreSpec.MostFailures * 32);
        reason = isRight ? "" : $"{spec.Path}: path, type name and argument are too long: some 3,500 bytes in all are possible";
        return isRight ? Errno.None : Errno.EINVAL;
    }
}
