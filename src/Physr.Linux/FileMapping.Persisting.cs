// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Interop;

namespace Physr.Linux;

/// <content>Making bytes durable, and pages present.</content>
public sealed partial class FileMapping
{
    private int _failure;

    /// <summary>What a write-back failed with, once and for all; <see cref="Errno.None"/> as long as none did.</summary>
    /// <remarks>The kernel tells of a failure once and takes the pages for written from then on: a later success would say nothing of them. So no later one is told.
    /// Map the file again to see what it holds.</remarks>
    public Errno Failure => (Errno)Volatile.Read(ref _failure);

    /// <summary>Makes stored bytes durable, by whole pages (<c>msync</c> with <c>MS_SYNC</c>), with the metadata needed to find them again.</summary>
    /// <remarks>With <see cref="SyncKind.MapSync"/> too: there the call writes CPU caches back, which .NET has no instruction for (<c>CLWB</c>); it costs a call each time, where libpmem costs none.
    /// Where <see cref="FileSystemKind.IsVolatile"/> it succeeds and nothing is durable.</remarks>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">Bytes.</param>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end; <see cref="Errno.EROFS"/>; <see cref="Errno.EIO"/>, <see cref="Errno.ENOSPC"/>, <see cref="Errno.EDQUOT"/> where the file system could not
    /// write: some of the bytes are not durable and never will be (<see cref="Failure"/>).</returns>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public Errno TryPersist(ulong offset, ulong length)
    {
        Errno errno = Check(offset, length);
        if (errno != Errno.None || length == 0)
        {
            return errno;
        }

        if (IsReadOnly)
        {
            return Errno.EROFS;
        }

        if (Failure != Errno.None)
        {
            return Failure;
        }

        (ulong start, ulong end) = (Alignment.Down(offset, PageBytes), Alignment.Up(offset + length, PageBytes));
        do
        {
            errno = OnPages(start, end - start, static (calls, address, bytes) => calls.Sync(address, bytes));
        }
        while (errno == Errno.EINTR);

        // The first failure stays, whoever met it.
        return errno == Errno.None ? Failure : (Errno)(Interlocked.CompareExchange(ref _failure, (int)errno, 0) is var first and not 0 ? first : (int)errno);
    }

    /// <summary>Maps pages now, so that what would be a SIGBUS at a later touch is an error here (<c>MADV_POPULATE_WRITE</c>, or <c>_READ</c> where the mapping is read-only).</summary>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end; <see cref="Errno.EFAULT"/> where the file was cut; <see cref="Errno.EHWPOISON"/> where the hardware lost bytes; <see cref="Errno.EINVAL"/> before
    /// Linux 5.14.</returns>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public Errno TryPopulate(ulong offset, ulong length)
    {
        Errno errno = Check(offset, length);
        Advice advice = IsReadOnly ? Advice.MADV_POPULATE_READ : Advice.MADV_POPULATE_WRITE;
        (ulong start, ulong end) = (Alignment.Down(offset, PageBytes), Alignment.Up(offset + length, PageBytes));
        return errno != Errno.None || length == 0 ? errno
            : OnPages(start, end - start, (_, address, bytes) => MappingCalls.ResultOf(LibC.Madvise(address, (nuint)bytes, advice)));
    }

    /// <summary>Keeps pages in memory until the mapping goes (<c>mlock</c>): no touch of them waits for the disk.</summary>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end; <see cref="Errno.ENOMEM"/> or <see cref="Errno.EPERM"/> where RLIMIT_MEMLOCK forbids so many.</returns>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public Errno TryLockInMemory(ulong offset, ulong length)
    {
        Errno errno = Check(offset, length);
        (ulong start, ulong end) = (Alignment.Down(offset, PageBytes), Alignment.Up(offset + length, PageBytes));
        return errno != Errno.None || length == 0 ? errno
            : OnPages(start, end - start, static (_, address, bytes) => MappingCalls.ResultOf(LibC.Mlock(address, (nuint)bytes)));
    }

    private Errno Check(ulong offset, ulong length)
    {
        ObjectDisposedException.ThrowIf(_memory.IsClosed, this);
        return offset > Length || length > Length - offset ? Errno.ENXIO : Errno.None;
    }

    /// <summary>Calls the kernel on pages while they are held: whoever disposes meanwhile waits for nothing, and the pages go after the call.</summary>
    private Errno OnPages(ulong start, ulong bytes, Func<MappingCalls, nint, ulong, Errno> call)
    {
        bool isHeld = false;
        try
        {
            _memory.DangerousAddRef(ref isHeld);
            return call(_calls, _memory.Address + (nint)start, bytes);
        }
        finally
        {
            if (isHeld)
            {
                _memory.DangerousRelease();
            }
        }
    }
}
