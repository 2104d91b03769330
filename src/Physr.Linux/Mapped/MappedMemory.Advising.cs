// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Interop;
using Physr.Linux.Memory;

namespace Physr.Linux.Mapped;

/// <content>What the kernel is told of pages.</content>
public sealed partial class MappedMemory
{
    /// <summary>Tells the kernel how bytes will be used; it may heed that or not. By whole pages, all that the range touches.</summary>
    /// <remarks>None of it changes what they are: <see cref="MemoryAdvice.Remove"/>, and <see cref="MemoryAdvice.DontNeed"/> where stores go to no file, are refused: see <see cref="TryDiscard"/>.</remarks>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end; <see cref="Errno.EINVAL"/> where this kernel does not know the advice, it does not go with this memory, or it would throw bytes away.</returns>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public Errno TryAdvise(nuint offset, nuint length, MemoryAdvice advice, out string reason)
    {
        bool isDestructive = advice == MemoryAdvice.Remove || (advice == MemoryAdvice.DontNeed && !IsShared && !IsReadOnly);
        if (isDestructive || !Enum.IsDefined(advice))
        {
            reason = MappedReasons.Of(Name, offset, length, Errno.EINVAL, isDestructive ? $"{advice} would throw the bytes away: use {nameof(TryDiscard)}" : $"there is no advice {advice}");
            return Errno.EINVAL;
        }

        return TryTell(offset, length, (Advice)advice, out reason);
    }

    /// <summary>Has the kernel start reading bytes that are soon needed (<c>MADV_WILLNEED</c>), and does not wait.</summary>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end.</returns>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public Errno TryPrefetch(nuint offset, nuint length, out string reason) => TryTell(offset, length, Advice.MADV_WILLNEED, out reason);

    /// <summary>Brings bytes in and waits for them (<c>MADV_POPULATE_READ</c>, <c>MADV_POPULATE_WRITE</c>). What would be a SIGBUS at a touch is an error here, at this moment; no garbage collection waits meanwhile.</summary>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">Bytes; all pages that they touch are brought in.</param>
    /// <param name="forStores">Whether they will be stored to: they are made so now, which for a file makes them dirty and gives them blocks, and for copies makes the copies.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end of the mapping, or of a file that was cut; <see cref="Errno.EIO"/> where they cannot be had: the disk cannot be read, or is full, or huge pages have run
    /// out; <see cref="Errno.EHWPOISON"/> where the hardware lost some; <see cref="Errno.ENOMEM"/>; <see cref="Errno.EROFS"/> for stores where there may be none; <see cref="Errno.EINVAL"/> before Linux 5.14.</returns>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public Errno TryPopulate(nuint offset, nuint length, bool forStores, out string reason)
    {
        if (forStores && IsReadOnly)
        {
            return RefuseStores(offset, length, out reason);
        }

        Errno errno = TryTell(offset, length, forStores ? Advice.MADV_POPULATE_WRITE : Advice.MADV_POPULATE_READ, out reason);
        return errno == Errno.EFAULT ? Explain(offset, length, out reason) : errno;
    }

    /// <summary>Throws bytes away, and gives back the memory and the blocks that they took: they are zeros afterwards – in the file, too, where stores go to it. Of <see cref="MappedAccess.CopyOnWrite"/>
    /// what was stored is thrown away: they are the file's again.</summary>
    /// <param name="offset">The first byte: at the start of a page.</param>
    /// <param name="length">Bytes: whole pages, or up to the end of the mapping.</param>
    /// <param name="reason">Why not, and what would be right; empty on success.</param>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end; <see cref="Errno.EINVAL"/> for parts of pages, or while they are locked; <see cref="Errno.EROFS"/> where there may be no stores;
    /// <see cref="Errno.EOPNOTSUPP"/> where the file system has no holes.</returns>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public Errno TryDiscard(nuint offset, nuint length, out string reason)
    {
        if (IsReadOnly)
        {
            return RefuseStores(offset, length, out reason);
        }

        nuint all = Length;
        if (offset % PageBytes != 0 || (length % PageBytes != 0 && (offset > all || length != all - offset)))
        {
            reason = MappedReasons.Of(Name, offset, length, Errno.EINVAL, $"they begin or end within a page of {PageBytes} bytes, whose other bytes would go too: discard whole pages, and clear the rest");
            return Errno.EINVAL;
        }

        return TryTell(offset, length, IsShared ? Advice.MADV_REMOVE : Advice.MADV_DONTNEED, out reason);
    }

    /// <summary>Whether stores go to something that others have, too.</summary>
    private bool IsShared => _kind == MappedKind.Anonymous ? _options.IsShared : Access == MappedAccess.ReadWrite;

    private Errno TryTell(nuint offset, nuint length, Advice advice, out string reason)
    {
        Enter();
        try
        {
            Errno errno = CheckPages(offset, length, out nint address, out nuint bytes, out reason);
            if (errno == Errno.None && bytes != 0)
            {
                do
                {
                    errno = ErrnoOf(LibC.Madvise(address, bytes, advice));
                }
                while (errno == Errno.EINTR);
                reason = errno == Errno.None ? "" : MappedReasons.Of(Name, offset, length, errno, MappedReasons.Advising(errno));
            }

            return errno;
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Finds the pages that a range touches. The caller has a lease.</summary>
    private Errno CheckPages(nuint offset, nuint length, out nint address, out nuint bytes, out string reason)
    {
        nuint all = Length;
        (address, bytes, reason) = (0, 0, "");
        if (offset > all || length > all - offset)
        {
            reason = $"{Name}: {Errno.ENXIO}: {length} bytes from {offset} on are asked for, and it has {all}";
            return Errno.ENXIO;
        }

        ulong start = Alignment.Down(offset, PageBytes);
        address = _region.Address + (nint)start;
        bytes = length == 0 ? 0 : (nuint)(Alignment.Up(offset + length, PageBytes) - start);
        return Errno.None;
    }

    private Errno RefuseStores(nuint offset, nuint length, out string reason)
    {
        reason = MappedReasons.Of(Name, offset, length, Errno.EROFS, $"it is mapped for reading: map it with {nameof(MappedAccess.ReadWrite)} or {nameof(MappedAccess.CopyOnWrite)}");
        return Errno.EROFS;
    }
}
