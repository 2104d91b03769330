// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Files;

/// <summary>A regular file or block device that whole pages are read from and written to, past the page cache (<c>O_DIRECT</c>). Calls allocate nothing; any number of threads may make them at once.</summary>
/// <remarks>Who opens it by path locks it (a lock of the open file, which goes with the last descriptor of it, in whatever process). Locks bind those who ask for such locks: somebody else can still cut the file, which
/// <see cref="Read"/> and <see cref="Write"/> tell as <see cref="Errno.EIO"/>.</remarks>
public sealed partial class PageFile : IDisposable
{
    /// <summary>What offsets, lengths and addresses are multiples of, in bytes.</summary>
    public const int PageBytes = 4096;

    private PageFile(SafeFileHandle handle, string name, ulong length, bool isDirect, FileIdentity identity) =>
        (Handle, Name, Length, IsDirect, Identity) = (handle, name, length, isDirect, identity);

    /// <summary>The descriptor. It may be sent to another process, which then has the same file and the same lock.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>For messages: its path, as it was when it was opened or taken over.</summary>
    public string Name { get; }

    /// <summary>Bytes that are used, in whole pages: as many as were asked for. The file may have more.</summary>
    public ulong Length { get; }

    /// <summary>Whether transfers go past the page cache.</summary>
    public bool IsDirect { get; }

    /// <summary>Which file it is.</summary>
    public FileIdentity Identity { get; }

    /// <summary>Reads whole pages.</summary>
    /// <param name="destination">Where to: <paramref name="length"/> bytes that may be stored to.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="offset">The first byte.</param>
    /// <returns><see cref="Errno.EIO"/> also where the file ends before: somebody cut it; others as <c>pread</c> has them.</returns>
    public unsafe Errno Read(nint destination, nuint length, ulong offset)
    {
        for (nuint done = 0; done < length;)
        {
            // SAFETY: [destination, destination + length) is the caller's: a wrong one is EFAULT, or the kernel overwrites what is there.
            nint count = LibC.Pread(Handle, (byte*)destination + done, length - done, (long)(offset + done));
            Errno errno = Outcome(count, Errno.EIO);
            if (errno is not (Errno.None or Errno.EINTR))
            {
                return errno;
            }

            done += Whole(count);
        }

        return Errno.None;
    }

    /// <summary>Writes whole pages.</summary>
    /// <param name="source">Where from: <paramref name="length"/> bytes that may be loaded.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="offset">The first byte.</param>
    /// <returns><see cref="Errno.EIO"/> also where the file has become shorter than <see cref="Length"/>: nothing is written then; <see cref="Errno.ENOSPC"/>, <see cref="Errno.EDQUOT"/>; others as <c>pwrite</c> has
    /// them. Some of the pages may be written.</returns>
    public unsafe Errno Write(nint source, nuint length, ulong offset)
    {
        Errno whole = CheckLength();
        if (whole != Errno.None)
        {
            return whole;
        }

        for (nuint done = 0; done < length;)
        {
            // SAFETY: [source, source + length) is the caller's: a wrong one is EFAULT.
            nint count = LibC.Pwrite(Handle, (byte*)source + done, length - done, (long)(offset + done));
            Errno errno = Outcome(count, Errno.ENOSPC);
            if (errno is not (Errno.None or Errno.EINTR))
            {
                return errno;
            }

            done += Whole(count);
        }

        return Errno.None;
    }

    /// <summary>Makes what was written durable (<c>fdatasync</c>).</summary>
    /// <returns><see cref="Errno.EIO"/>, <see cref="Errno.ENOSPC"/>, <see cref="Errno.EDQUOT"/>: some of it is not durable, and a later success says nothing of it. <see cref="Errno.EIO"/> also for a file that was cut.</returns>
    public Errno Flush()
    {
        Errno errno = CheckLength();
        return errno != Errno.None ? errno : MappingCalls.ResultOf(LibC.Fdatasync(Handle));
    }

    /// <summary>Whether the file still has <see cref="Length"/> bytes. A write behind the end would make it long again, with zeros where bytes were.</summary>
    /// <returns><see cref="Errno.EIO"/> where it is shorter.</returns>
    public Errno CheckLength()
    {
        // All who have the descriptor share the place that this moves, and nobody uses it.
        long end = LibC.Lseek(Handle, 0, SeekTarget.SEEK_END);
        return end < 0 ? LibC.LastError : (ulong)end < Length ? Errno.EIO : Errno.None;
    }

    /// <summary>Closes the descriptor. What was not flushed is written some time.</summary>
    public void Dispose() => Handle.Dispose();

    /// <summary>Its name.</summary>
    public override string ToString() => Name;

    private static Errno Outcome(nint count, Errno none) => count < 0 ? LibC.LastError : Whole(count) == 0 ? none : Errno.None;

    // The rest of a page that was moved in part is moved again: what is left would not be aligned.
    private static nuint Whole(nint count) => count <= 0 ? 0 : (nuint)count / PageBytes * PageBytes;
}
