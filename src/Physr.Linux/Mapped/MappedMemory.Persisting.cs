// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Interop;

namespace Physr.Linux.Mapped;

/// <content>Making bytes durable, and keeping them in memory.</content>
public sealed partial class MappedMemory
{
    private int _failure;

    /// <summary>What a write-back failed with, once and for all; <see cref="Errno.None"/> as long as none did.</summary>
    /// <remarks>The kernel tells of a failure once and takes the pages for written from then on: a later success would say nothing of them. So no later one is told.</remarks>
    public Errno Failure => (Errno)Volatile.Read(ref _failure);

    /// <summary>Makes stored bytes durable: just these, by whole pages (<c>msync</c> with <c>MS_SYNC</c>), with the metadata needed to find them again. Nothing else ever does.</summary>
    /// <remarks>On a file system that lies in memory it succeeds and nothing is durable.</remarks>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end; <see cref="Errno.EROFS"/> where it is for reading; <see cref="Errno.EINVAL"/> where stores go to no file; <see cref="Errno.EIO"/>,
    /// <see cref="Errno.ENOSPC"/>, <see cref="Errno.EDQUOT"/> where the file system could not write: some bytes are not durable and never will be (<see cref="Failure"/>).</returns>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public Errno TryPersist(nuint offset, nuint length, out string reason)
    {
        if (IsReadOnly)
        {
            return RefuseStores(offset, length, out reason);
        }

        if (_kind == MappedKind.Anonymous || Access == MappedAccess.CopyOnWrite)
        {
            reason = MappedReasons.Of(Name, offset, length, Errno.EINVAL, $"stores go to no file: map one with {nameof(MappedAccess.ReadWrite)}");
            return Errno.EINVAL;
        }

        Enter();
        try
        {
            Errno errno = CheckPages(offset, length, out nint address, out nuint bytes, out reason);
            if (errno != Errno.None || bytes == 0)
            {
                return errno;
            }

            errno = Failure;
            while (errno == Errno.None && LibC.Msync(address, bytes, SyncFlags.MS_SYNC) != 0)
            {
                errno = LibC.LastError == Errno.EINTR ? Errno.None : LibC.LastError;
            }

            // The first failure stays, whoever met it.
            errno = errno == Errno.None ? Failure : (Errno)(Interlocked.CompareExchange(ref _failure, (int)errno, 0) is var first and not 0 ? first : (int)errno);
            reason = errno == Errno.None ? "" : MappedReasons.Of(Name, offset, length, errno, MappedReasons.Persisting(errno));
            return errno;
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Brings bytes in and keeps them in memory (<c>mlock</c>), by whole pages, until <see cref="TryUnlock"/> or as long as the mapping. It does not count: one unlock undoes any number.</summary>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end; <see cref="Errno.ENOMEM"/>, <see cref="Errno.EPERM"/> or <see cref="Errno.EAGAIN"/> where RLIMIT_MEMLOCK forbids so many or they cannot be had.</returns>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public Errno TryLock(nuint offset, nuint length, out string reason) => TryKeep(offset, length, isKept: true, out reason);

    /// <summary>No longer keeps bytes in memory (<c>munlock</c>), by whole pages.</summary>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end.</returns>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public Errno TryUnlock(nuint offset, nuint length, out string reason) => TryKeep(offset, length, isKept: false, out reason);

    /// <summary>Counts pages that are in memory at this moment (<c>mincore</c>), of those that a range touches. Of a file that this user may not write the kernel claims all.</summary>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end.</returns>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public unsafe Errno TryCountResident(nuint offset, nuint length, out nuint pages, out string reason)
    {
        pages = 0;
        Enter();
        try
        {
            Errno errno = CheckPages(offset, length, out nint address, out nuint bytes, out reason);
            const int Chunk = 4096;

            // SAFETY: the kernel writes a byte for each small page, for as many of them as the buffer has bytes.
            byte* found = stackalloc byte[Chunk];
            nuint step = MappedRules.SystemPage;
            for (nuint done = 0; errno == Errno.None && done < bytes; done += Chunk * step)
            {
                nuint part = nuint.Min(bytes - done, Chunk * step);
                errno = ErrnoOf(LibC.Mincore(address + (nint)done, part, found));
                for (nuint page = 0; errno == Errno.None && page < part / step; page += PageBytes / step)
                {
                    pages += found[page] & 1u;
                }
            }

            reason = errno == Errno.None || reason.Length != 0 ? reason : MappedReasons.Of(Name, offset, length, errno, "the kernel does not tell");
            return errno;
        }
        finally
        {
            Exit();
        }
    }

    private Errno TryKeep(nuint offset, nuint length, bool isKept, out string reason)
    {
        Enter();
        try
        {
            Errno errno = CheckPages(offset, length, out nint address, out nuint bytes, out reason);
            if (errno == Errno.None && bytes != 0)
            {
                errno = ErrnoOf(isKept ? LibC.Mlock(address, bytes) : LibC.Munlock(address, bytes));
                reason = errno == Errno.None ? "" : MappedReasons.Of(Name, offset, length, errno, MappedReasons.Locking(errno));
            }

            return errno;
        }
        finally
        {
            Exit();
        }
    }
}
