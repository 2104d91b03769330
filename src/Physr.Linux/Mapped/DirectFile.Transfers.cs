// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Interop;

namespace Physr.Linux.Mapped;

/// <content>Reading and writing. What succeeds allocates nothing.</content>
public sealed partial class DirectFile
{
    /// <summary>Reads all bytes of a window, or says why not.</summary>
    /// <param name="destination">Where they go to. A span becomes a window by itself.</param>
    /// <param name="offset">The first byte in the file.</param>
    /// <param name="reason">Why not, and what would be right; empty on success.</param>
    /// <returns><see cref="Errno.EINVAL"/> for what is not aligned; <see cref="Errno.ENODATA"/> where the file ends before; <see cref="Errno.EIO"/> and others as <c>pread</c> has them. What was read until then is in the
    /// window.</returns>
    /// <exception cref="ObjectDisposedException">The file is closed.</exception>
    public Errno TryRead(MemoryWindow destination, ulong offset, out string reason)
    {
        Errno errno = TryReadUpTo(destination, offset, out nuint count, out reason);
        if (errno == Errno.None && count < destination.Length)
        {
            errno = Errno.ENODATA;
            reason = MappedReasons.Of(Path, offset, destination.Length, errno, $"the file ends at {offset + count}: read up to there ({nameof(TryReadUpTo)})");
        }

        return errno;
    }

    /// <summary>Reads as many bytes of a window as the file has. The last block of a file need not be whole: ask for a whole one, and see how much there was.</summary>
    /// <param name="destination">Where they go to.</param>
    /// <param name="offset">The first byte in the file.</param>
    /// <param name="count">Bytes read: all, unless the file ends before.</param>
    /// <param name="reason">Why not, and what would be right; empty on success.</param>
    /// <returns><see cref="Errno.EINVAL"/> for what is not aligned; <see cref="Errno.EIO"/> and others as <c>pread</c> has them.</returns>
    /// <exception cref="ObjectDisposedException">The file is closed.</exception>
    public unsafe Errno TryReadUpTo(MemoryWindow destination, ulong offset, out nuint count, out string reason)
    {
        // SAFETY: the window has so many bytes, as its maker promised, and they do not move meanwhile.
        fixed (byte* bytes = destination)
        {
            return TryTransfer(bytes, destination.Length, offset, isWrite: false, out count, out reason);
        }
    }

    /// <summary>Reads into a part of a buffer, which stays until that is done whoever disposes of it.</summary>
    /// <param name="buffer">The buffer.</param>
    /// <param name="start">The first byte in it.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="offset">The first byte in the file.</param>
    /// <param name="reason">Why not, and what would be right; empty on success.</param>
    /// <returns>As <see cref="TryRead(MemoryWindow, ulong, out string)"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie in the buffer.</exception>
    /// <exception cref="ObjectDisposedException">The file or the buffer is gone.</exception>
    public Errno TryRead(AlignedBuffer buffer, nuint start, nuint length, ulong offset, out string reason)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        buffer.Enter();
        try
        {
            return TryRead(buffer.Window.Slice(start, length), offset, out reason);
        }
        finally
        {
            buffer.Exit();
        }
    }

    /// <summary>Writes all bytes of a window, or says why not. A file that is shorter becomes longer.</summary>
    /// <param name="source">What is written.</param>
    /// <param name="offset">Where its first byte goes to in the file.</param>
    /// <param name="reason">Why not, and what would be right; empty on success.</param>
    /// <returns><see cref="Errno.EINVAL"/> for what is not aligned; <see cref="Errno.EROFS"/> where it can only be read; <see cref="Errno.ENOSPC"/>, <see cref="Errno.EIO"/> and others as <c>pwrite</c> has them: some bytes
    /// may be written then.</returns>
    /// <exception cref="ObjectDisposedException">The file is closed.</exception>
    public unsafe Errno TryWrite(ReadOnlyMemoryWindow source, ulong offset, out string reason)
    {
        if (IsReadOnly)
        {
            reason = MappedReasons.Of(Path, offset, source.Length, Errno.EROFS, "it was opened for reading alone");
            return Errno.EROFS;
        }

        // SAFETY: as in TryReadUpTo.
        fixed (byte* bytes = source)
        {
            return TryTransfer(bytes, source.Length, offset, isWrite: true, out _, out reason);
        }
    }

    /// <summary>Writes a part of a buffer, which stays until that is done whoever disposes of it.</summary>
    /// <param name="buffer">The buffer.</param>
    /// <param name="start">The first byte in it.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="offset">Where the first byte goes to in the file.</param>
    /// <param name="reason">Why not, and what would be right; empty on success.</param>
    /// <returns>As <see cref="TryWrite(ReadOnlyMemoryWindow, ulong, out string)"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie in the buffer.</exception>
    /// <exception cref="ObjectDisposedException">The file or the buffer is gone.</exception>
    public Errno TryWrite(AlignedBuffer buffer, nuint start, nuint length, ulong offset, out string reason)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        buffer.Enter();
        try
        {
            return TryWrite(buffer.Window.Slice(start, length), offset, out reason);
        }
        finally
        {
            buffer.Exit();
        }
    }

    private unsafe Errno TryTransfer(byte* bytes, nuint length, ulong offset, bool isWrite, out nuint count, out string reason)
    {
        count = 0;
        ObjectDisposedException.ThrowIf(Handle.IsClosed, this);
        Errno errno = CheckAligned((nuint)bytes, length, offset, out reason);
        while (errno == Errno.None && count < length)
        {
            // SAFETY: [bytes + count, bytes + length) is the rest of what the caller holds.
            nint done = isWrite
                ? LibC.Pwrite(Handle, bytes + count, length - count, (long)(offset + count))
                : LibC.Pread(Handle, bytes + count, length - count, (long)(offset + count));
            if (done < 0)
            {
                errno = LibC.LastError == Errno.EINTR ? Errno.None : LibC.LastError;
                continue;
            }

            count += (nuint)done;

            // A read that ends within a block was the last of the file; one of nothing lay behind it.
            if (!isWrite && (done == 0 || (nuint)done % Alignment.Offset != 0))
            {
                return Errno.None;
            }

            errno = done == 0 ? Errno.EIO : isWrite && (nuint)done % Alignment.Offset != 0 ? Errno.EIO : Errno.None;
        }

        if (errno != Errno.None && reason.Length == 0)
        {
            reason = MappedReasons.Of(Path, offset + count, length - count, errno, Meaning(errno));
        }

        return errno;
    }

    private Errno CheckAligned(nuint address, nuint length, ulong offset, out string reason)
    {
        reason = "";
        bool isLong = length > (nuint)nint.MaxValue || offset > long.MaxValue - (ulong)length;
        if (address % Alignment.Memory == 0 && offset % Alignment.Offset == 0 && length % Alignment.Offset == 0 && !isLong)
        {
            return Errno.None;
        }

        string why =
            address % Alignment.Memory != 0 ? $"they lie at address 0x{address:x} in memory: a multiple of {Alignment.Memory} is needed, as an {nameof(AlignedBuffer)} has"
            : isLong ? "no file is so long"
            : offset % Alignment.Offset != 0 ? $"offset {offset}: a multiple of {Alignment.Offset} is needed"
            : $"length {length}: a multiple of {Alignment.Offset} is needed; {nameof(TrySetLength)} cuts off what is too much at the end of a file";
        reason = MappedReasons.Of(Path, offset, length, Errno.EINVAL, why);
        return Errno.EINVAL;
    }

    private static string Meaning(Errno errno) => errno switch
    {
        Errno.ENOSPC or Errno.EDQUOT => "the disk or the quota is full",
        Errno.EFBIG => "the file system or RLIMIT_FSIZE allows no file so long",
        Errno.EFAULT => "the memory cannot be had",
        Errno.EINVAL => "the file system does not take it, though it is aligned as it told",
        _ => "the disk could not be read or written",
    };
}
