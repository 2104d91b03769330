// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>Where the bytes of a <see cref="DaxFile"/> lie, and who makes page descriptors for them (what a file system answers to <c>iomap_begin</c>).</summary>
/// <remarks>Called while the file's layout is held: a file system takes locks of its own below that, never the other way round.</remarks>
public interface IDaxExtents
{
    /// <summary>Bytes.</summary>
    ulong Length { get; }

    /// <summary>Whether the first store to a page is to be heard of: to fill holes, to part shared extents, to know what is to be made durable.</summary>
    bool WantsWriteNotify { get; }

    /// <summary>Whether a store through a shared mapping reaches all there is of a byte. Where not, a shared mapping that may be written is refused (<see cref="Errno.EINVAL"/>), and one that may be read never
    /// becomes writable.</summary>
    bool AllowsSharedWrites { get; }

    /// <summary>Finds where a page of the file lies.</summary>
    /// <param name="index">Which, in pages.</param>
    /// <param name="extent">Where.</param>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end; <see cref="Errno.EIO"/> where the medium lost it.</returns>
    Errno TryFind(ulong index, out DaxExtent extent);

    /// <summary>Gives a page a place of the file's own, for a store through a mapping: a hole is filled with zeros, a page shared with another file is copied. Nobody looks for the page meanwhile, and
    /// whoever mapped what was there before is sent to look again.</summary>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end; <see cref="Errno.ENOSPC"/>; <see cref="Errno.EIO"/>; <see cref="Errno.EROFS"/>.</returns>
    Errno TryOwn(ulong index);

    /// <summary>Somebody maps pages: they need descriptors from now on (row R80c). Called again for what has them already.</summary>
    /// <returns><see cref="Errno.ENOMEM"/>; <see cref="Errno.EOPNOTSUPP"/> where nobody may make any.</returns>
    Errno Describe(ulong index, ulong pages);

    /// <summary>Nobody maps or holds a page of the file any more: descriptors that were made for it may go (row R81c).</summary>
    void Forget();

    /// <summary>Makes what was stored in pages durable.</summary>
    Errno Persist(ulong index, ulong pages);
}
