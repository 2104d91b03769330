// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>A file whose pages can be pinned (a memfd). Thread-safe.</summary>
public interface IMappableFile
{
    /// <summary>For messages.</summary>
    string Name { get; }

    /// <summary>Takes a reference to the open file.</summary>
    void AddReference();

    /// <summary>Gives a reference back.</summary>
    void ReleaseReference();

    /// <summary>Pins whole pages of the file, all or none, each once more than before.</summary>
    /// <param name="offset">In the file, in bytes, on a page boundary.</param>
    /// <param name="length">Whole pages; not zero.</param>
    /// <param name="writable">Whether the pages will be written.</param>
    /// <param name="frames">The pages' physical ranges are appended, in order; neighbours may be joined.</param>
    /// <returns><see cref="Errno.EINVAL"/> beyond the file's end; <see cref="Errno.EPERM"/> where it may not be written; <see cref="Errno.ENOMEM"/>.</returns>
    Errno TryPin(ulong offset, ulong length, bool writable, List<PhysicalRange> frames);

    /// <summary>Takes one pin off each page of a physical range.</summary>
    /// <param name="frames">Whole pages.</param>
    /// <param name="dirty">Whether they may have been written.</param>
    void Unpin(PhysicalRange frames, bool dirty);
}
