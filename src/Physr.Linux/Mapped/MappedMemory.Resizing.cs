// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Mapped;

/// <content>Growing and shrinking.</content>
public sealed partial class MappedMemory
{
    /// <summary>Makes the mapping longer or shorter (<c>mremap</c>); it may lie elsewhere then. What it has stays; what is new is zeros, or what the file has there.</summary>
    /// <remarks><para>Where stores go to a file, a file that is too short becomes longer. No file becomes shorter: its bytes beyond the end are there again when the mapping grows back.</para>
    /// <para>Nobody may use the mapping meanwhile: while leases are out it is refused, and raw spans are their holders' duty. A <see cref="Memory{T}"/> finds the bytes at their new place.</para></remarks>
    /// <param name="length">Bytes; not 0.</param>
    /// <param name="reason">Why not, and what would be right; empty on success.</param>
    /// <returns><see cref="Errno.EBUSY"/> while a view, a pin or a call is out; <see cref="Errno.EINVAL"/> for 0, or for memory that cannot grow; <see cref="Errno.ENXIO"/> beyond the end of a file that is
    /// not stored to; <see cref="Errno.ENOMEM"/>; <see cref="Errno.EAGAIN"/> where locked bytes are too many; <see cref="Errno.EFAULT"/> where parts of it were advised or locked and others not; others as
    /// <c>ftruncate</c> and <c>mremap</c> have them. It is as it was then.</returns>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public Errno TryResize(nuint length, out string reason)
    {
        Errno errno = _leases.TryEnterAlone();
        if (errno == Errno.ENODEV)
        {
            throw Gone();
        }

        if (errno == Errno.EBUSY)
        {
            reason = $"{Name}: {errno}: {Leases} views, pins or calls are out, whose bytes would move: let them end first";
            return errno;
        }

        try
        {
            return TryResizeAlone(length, out reason);
        }
        finally
        {
            if (_leases.ExitAlone())
            {
                LetGo();
            }
        }
    }

    private Errno TryResizeAlone(nuint length, out string reason)
    {
        nuint old = _length;
        reason = "";
        if (length == 0 || length > (nuint)nint.MaxValue - PageBytes)
        {
            reason = $"{Name}: {Errno.EINVAL}: {length} bytes are asked for: at least one, and no more than a process has addresses for";
            return Errno.EINVAL;
        }

        if (length > old && _kind == MappedKind.Anonymous && _options.IsShared)
        {
            reason = $"{Name}: {Errno.EINVAL}: shared memory without a file cannot grow: use {nameof(TryCreateInMemory)}";
            return Errno.EINVAL;
        }

        Errno errno = TryLengthen(old, length, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = _region.TryResize((nuint)Alignment.Up(length, PageBytes), AlignmentOf(_options, PageBytes), PageBytes);
        if (errno != Errno.None)
        {
            reason = MappedReasons.Of(Name, 0, length, errno, MappedReasons.Resizing(errno));
            return errno;
        }

        if (length < old && _kind == MappedKind.Anonymous && Access == MappedAccess.ReadWrite)
        {
            // What is cut off is gone, also the part of a page that stays.
            nuint rest = nuint.Min(old, _region.Bytes) - length;
            WindowAt(_region.Address + (nint)length, rest).Clear();
        }

        Volatile.Write(ref _length, length);
        return Errno.None;
    }

    /// <summary>Makes sure that the file is as long as its mapping is going to be.</summary>
    private Errno TryLengthen(nuint old, nuint length, out string reason)
    {
        reason = "";
        if (length <= old || _file is null)
        {
            return Errno.None;
        }

        Errno errno = MappedFiles.TryMeasure(_file, Name, out MappedSource? source, out reason);
        ulong end = 0;
        errno = errno == Errno.None ? MappedRules.CheckRange(source!, _options with { Length = length, Extends = Access == MappedAccess.ReadWrite }, out _, out end, out reason) : errno;
        end = end != 0 ? Alignment.Up(end, _kind == MappedKind.InMemory ? PageBytes : 1) : 0;
        return errno == Errno.None ? TryGiveBlocks(source!, _options.Offset + old, length - old, end, _options.Allocates, out reason) : errno;
    }
}
