// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Interop;

namespace Physr.Linux.Mapped;

/// <content>How long it is, and making it durable.</content>
public sealed partial class DirectFile
{
    /// <summary>Bytes that it has at this moment.</summary>
    /// <exception cref="PhysrException">The kernel does not tell.</exception>
    /// <exception cref="ObjectDisposedException">The file is closed.</exception>
    public ulong Length
    {
        get
        {
            ObjectDisposedException.ThrowIf(Handle.IsClosed, this);
            return MappedMemory.Demand("measure", MappedFiles.TryMeasure(Handle, Path, out MappedSource? source, out string reason), Path, reason, source).Length ?? 0;
        }
    }

    /// <summary>Makes all that was written durable, with the metadata needed to find it again (<c>fdatasync</c>); the disk's own cache is written, too.</summary>
    /// <returns><see cref="Errno.EIO"/>, <see cref="Errno.ENOSPC"/>, <see cref="Errno.EDQUOT"/>: some bytes are not durable and never will be (<see cref="Failure"/>).</returns>
    /// <exception cref="ObjectDisposedException">The file is closed.</exception>
    public Errno TryFlush(out string reason)
    {
        ObjectDisposedException.ThrowIf(Handle.IsClosed, this);
        Errno errno = Failure;
        while (errno == Errno.None && LibC.Fdatasync(Handle) != 0)
        {
            errno = LibC.LastError == Errno.EINTR ? Errno.None : LibC.LastError;
        }

        // The first failure stays, whoever met it.
        errno = errno == Errno.None ? Failure : (Errno)(Interlocked.CompareExchange(ref _failure, (int)errno, 0) is var first and not 0 ? first : (int)errno);
        reason = errno == Errno.None ? "" : $"{Path}: {errno}: {MappedReasons.Persisting(errno)}";
        return errno;
    }

    /// <summary>Gives a file its blocks from the start on (<c>fallocate</c>), and the length where it is shorter: writes there find no full disk.</summary>
    /// <param name="length">Bytes; not 0.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.ENOSPC"/>, <see cref="Errno.EDQUOT"/>, <see cref="Errno.EFBIG"/>; <see cref="Errno.EOPNOTSUPP"/> where the file system gives none in advance; others as <c>fallocate</c> has them.</returns>
    /// <exception cref="ObjectDisposedException">The file is closed.</exception>
    public Errno TryPreallocate(ulong length, out string reason)
    {
        ObjectDisposedException.ThrowIf(Handle.IsClosed, this);
        Errno errno = length > long.MaxValue ? Errno.EFBIG : MappingCalls.ResultOf(LibC.Fallocate(Handle, FallocateMode.FALLOC_FL_ALLOCATE_RANGE, 0, (long)length));
        reason = errno == Errno.None ? "" : MappedReasons.Of(Path, 0, length, errno, LengthMeaning(errno));
        return errno;
    }

    /// <summary>Makes a file longer, with a hole, or shorter (<c>ftruncate</c>): also to a length that is no multiple of anything.</summary>
    /// <param name="length">Bytes that it has then.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.EINVAL"/> for a device or what was opened for reading; <see cref="Errno.EFBIG"/>; others as <c>ftruncate</c> has them.</returns>
    /// <exception cref="ObjectDisposedException">The file is closed.</exception>
    public Errno TrySetLength(ulong length, out string reason)
    {
        ObjectDisposedException.ThrowIf(Handle.IsClosed, this);
        Errno errno = length > long.MaxValue ? Errno.EFBIG : MappingCalls.ResultOf(LibC.Ftruncate(Handle, (long)length));
        reason = errno == Errno.None ? "" : MappedReasons.Of(Path, 0, length, errno, LengthMeaning(errno));
        return errno;
    }

    /// <summary>As <see cref="TryRead(MemoryWindow, ulong, out string)"/>.</summary>
    /// <exception cref="PhysrException">Not all was read.</exception>
    public void Read(MemoryWindow destination, ulong offset) => Demand("read", TryRead(destination, offset, out string reason), reason);

    /// <summary>As <see cref="TryWrite(ReadOnlyMemoryWindow, ulong, out string)"/>.</summary>
    /// <exception cref="PhysrException">Not all was written.</exception>
    public void Write(ReadOnlyMemoryWindow source, ulong offset) => Demand("write", TryWrite(source, offset, out string reason), reason);

    /// <summary>As <see cref="TryFlush"/>.</summary>
    /// <exception cref="PhysrException">Some bytes are not durable.</exception>
    public void Flush() => Demand("flush", TryFlush(out string reason), reason);

    /// <summary>As <see cref="TryPreallocate"/>.</summary>
    /// <exception cref="PhysrException">It has not all its blocks.</exception>
    public void Preallocate(ulong length) => Demand("preallocate", TryPreallocate(length, out string reason), reason);

    private static string LengthMeaning(Errno errno) => errno switch
    {
        Errno.ENOSPC or Errno.EDQUOT => "the disk or the quota is full",
        Errno.EFBIG => "the file system or RLIMIT_FSIZE allows no file so long",
        Errno.EOPNOTSUPP => "its file system gives no blocks in advance",
        Errno.ENODEV or Errno.EBADF or Errno.EINVAL => "it is a device, was opened for reading alone, or 0 bytes are asked for",
        _ => "the file system refused",
    };

    private void Demand(string operation, Errno errno, string reason) => MappedMemory.Demand(operation, errno, Path, reason, this);
}
