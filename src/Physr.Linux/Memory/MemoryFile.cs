// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Memory;

/// <summary>A file that has no name and lies in memory alone (<c>memfd_create(2)</c>): gone with the last who has it. Nobody can make it shorter, so that no mapping of it is ever cut.</summary>
public sealed partial class MemoryFile : IDisposable
{
    private ulong _length;

    private MemoryFile(SafeFileHandle handle, ulong length) => (Handle, _length) = (handle, length);

    /// <summary>The descriptor. It may be sent to another process, which then has the same bytes.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Bytes, as far as this object knows: another process may have made a growable one longer.</summary>
    public ulong Length => Volatile.Read(ref _length);

    /// <summary>Maps part of it.</summary>
    /// <param name="offset">The first byte: a multiple of the page.</param>
    /// <param name="length">Bytes: a multiple of the page, not 0.</param>
    /// <param name="isReadOnly">No stores.</param>
    /// <param name="mapping">The mapping, which outlives this object; null on failure.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end; <see cref="Errno.EINVAL"/>; <see cref="Errno.ENOMEM"/>.</returns>
    public Errno TryMap(ulong offset, nuint length, bool isReadOnly, out Mapping? mapping, out string reason)
    {
        if (offset > Length || length > Length - offset)
        {
            (mapping, reason) = (null, $"the file has {Length} bytes, and {length} from {offset} on are asked for");
            return Errno.ENXIO;
        }

        return Mapping.TryMap(Handle, offset, length, !isReadOnly, out mapping, out reason);
    }

    /// <summary>Gives back the memory of a range: it reads as zeros, and mappings of it lose their pages. Allocates nothing.</summary>
    /// <param name="offset">The first byte; a page that is not covered whole stays and is zeroed in part.</param>
    /// <param name="length">Bytes, not 0.</param>
    /// <returns><see cref="Errno.EINVAL"/> for such a range.</returns>
    public Errno Punch(ulong offset, ulong length)
    {
        Errno errno;
        do
        {
            errno = MappingCalls.ResultOf(LibC.Fallocate(Handle, FallocateMode.FALLOC_FL_PUNCH_HOLE | FallocateMode.FALLOC_FL_KEEP_SIZE, (long)offset, (long)length));
        }
        while (errno == Errno.EINTR);

        return errno;
    }

    /// <summary>Reads bytes, without mapping them here: holes are zeros and stay holes. Allocates nothing.</summary>
    /// <param name="destination">Where to, in this process; <paramref name="length"/> bytes that may be stored to.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="offset">The first byte.</param>
    /// <returns><see cref="Errno.EIO"/> beyond the end, with some of them read.</returns>
    public unsafe Errno Read(nint destination, nuint length, ulong offset)
    {
        for (nuint done = 0; done < length;)
        {
            // SAFETY: [destination, destination + length) is the caller's: a wrong one is EFAULT, or the kernel overwrites what is there.
            nint count = LibC.Pread(Handle, (byte*)destination + done, length - done, (long)(offset + done));
            Errno errno = count > 0 ? Errno.None : count == 0 ? Errno.EIO : LibC.LastError;
            if (errno is not (Errno.None or Errno.EINTR))
            {
                return errno;
            }

            done += count > 0 ? (nuint)count : 0;
        }

        return Errno.None;
    }

    /// <summary>Writes bytes, without mapping them here. Allocates nothing.</summary>
    /// <param name="source">Where from, in this process; <paramref name="length"/> bytes that may be loaded.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="offset">The first byte.</param>
    /// <returns><see cref="Errno.EIO"/> or <see cref="Errno.EPERM"/> beyond the end, with some of them written; <see cref="Errno.ENOSPC"/>, <see cref="Errno.ENOMEM"/> where memory is short.</returns>
    public unsafe Errno Write(nint source, nuint length, ulong offset)
    {
        for (nuint done = 0; done < length;)
        {
            // SAFETY: [source, source + length) is the caller's: a wrong one is EFAULT.
            nint count = LibC.Pwrite(Handle, (byte*)source + done, length - done, (long)(offset + done));
            Errno errno = count > 0 ? Errno.None : count == 0 ? Errno.EIO : LibC.LastError;
            if (errno is not (Errno.None or Errno.EINTR))
            {
                return errno;
            }

            done += count > 0 ? (nuint)count : 0;
        }

        return Errno.None;
    }

    /// <summary>Finds the next bytes that are in no hole, by whole pages. Moves the place that <c>lseek</c> keeps, which all who have the file share and nothing here uses.</summary>
    /// <param name="from">Where to look from.</param>
    /// <param name="start">The first byte.</param>
    /// <param name="end">The byte after the last.</param>
    /// <returns>Whether there are any.</returns>
    public bool TryNextData(ulong from, out ulong start, out ulong end)
    {
        long first = LibC.Lseek(Handle, (long)from, SeekTarget.SEEK_DATA);
        long hole = first < 0 ? -1 : LibC.Lseek(Handle, first, SeekTarget.SEEK_HOLE);
        (start, end) = hole < 0 ? (0, 0) : ((ulong)first, (ulong)hole);
        return hole >= 0;
    }

    /// <summary>Whether every page of a range has bytes, rather than being in a hole. Moves the place that <c>lseek</c> keeps, as <see cref="TryNextData"/> does; one call for each page. Allocates nothing.</summary>
    /// <param name="offset">The first byte: a multiple of the page.</param>
    /// <param name="length">Bytes: a multiple of the page.</param>
    public bool Has(ulong offset, ulong length)
    {
        // Each page by itself: the end of a run of data is looked for page by page, however long the run is.
        ulong step = (ulong)Environment.SystemPageSize;
        for (ulong at = offset; at - offset < length; at += step)
        {
            if (LibC.Lseek(Handle, (long)at, SeekTarget.SEEK_DATA) != (long)at)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Makes a growable one longer; the new bytes are zeros.</summary>
    /// <param name="length">Bytes it has then, not fewer than now.</param>
    /// <returns><see cref="Errno.EINVAL"/> for fewer; <see cref="Errno.EPERM"/> where it was not made growable; <see cref="Errno.EFBIG"/>.</returns>
    public Errno TryGrow(ulong length)
    {
        if (length < Length || length > long.MaxValue)
        {
            return Errno.EINVAL;
        }

        Errno errno = MappingCalls.ResultOf(LibC.Ftruncate(Handle, (long)length));
        if (errno == Errno.None)
        {
            Volatile.Write(ref _length, length);
        }

        return errno;
    }

    /// <summary>Closes the descriptor. The bytes stay as long as somebody maps them or has one too.</summary>
    public void Dispose() => Handle.Dispose();
}
