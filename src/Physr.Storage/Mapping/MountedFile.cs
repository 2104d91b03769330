// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm;
using Physr.Storage.Files;

namespace Physr.Storage.Mapping;

/// <summary>A file that processes map and devices transfer with, while it is written, cut and cloned.</summary>
public sealed class MountedFile
{
    private readonly FileMount _mount;
    private readonly StoredExtents _extents;

    internal MountedFile(FileMount mount, StoreFile file)
    {
        _mount = mount;
        File = file;
        _extents = new(mount, this);
        Mapped = new(mount.Memory, file.Name, _extents);
        _extents.Start(Mapped.DropIdle);
    }

    /// <summary>The file.</summary>
    public StoreFile File { get; }

    /// <summary>What <see cref="AddressSpace.TryMap"/> maps.</summary>
    public DaxFile Mapped { get; }

    /// <summary>Writes bytes (<c>pwrite</c>). Pages that get another place are unmapped first.</summary>
    /// <param name="offset">The first byte.</param>
    /// <param name="source">The bytes.</param>
    /// <param name="cancellationToken">Interrupts the wait for transfers.</param>
    public Errno TryWrite(ulong offset, ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        ulong first = offset >> PageSize.Shift4K;
        ulong pages = ((offset + (ulong)source.Length + PageSize.Size4K - 1) >> PageSize.Shift4K) - first;
        return MovesPages(first, pages)
            ? Change(first, pages, evenOwnCopies: false, () => File.TryWrite(offset, source.Span), cancellationToken)
            : File.TryWrite(offset, source.Span);
    }

    /// <summary>Cuts or extends the file (<c>ftruncate</c>): what processes map beyond the new end is unmapped, and transfers with it are waited for (row R83).</summary>
    /// <returns><see cref="Errno.EINTR"/> where the wait was interrupted: nothing has changed.</returns>
    public Errno TrySetLength(ulong length, CancellationToken cancellationToken = default) =>
        length >= File.Length ? File.TrySetLength(length) : Change(length >> PageSize.Shift4K, ulong.MaxValue, evenOwnCopies: true, () => File.TrySetLength(length), cancellationToken);

    /// <summary>The same with a wait of the caller's, called while transfers hold pages; false gives up with <see cref="Errno.EINTR"/>. Null does not wait: <see cref="Errno.ERESTARTSYS"/>.</summary>
    public Errno TrySetLength(ulong length, Func<bool>? wait) =>
        length >= File.Length
            ? File.TrySetLength(length)
            : Mapped.TryChangeLayout(length >> PageSize.Shift4K, ulong.MaxValue, evenOwnCopies: true, () => FileMount.During(this, () => File.TrySetLength(length)), wait);

    /// <summary>Makes bytes a hole; transfers with them are waited for.</summary>
    /// <returns><see cref="Errno.EINTR"/> where the wait was interrupted: nothing has changed.</returns>
    public Errno TryPunchHole(ulong offset, ulong length, CancellationToken cancellationToken = default)
    {
        ulong first = offset >> PageSize.Shift4K;
        ulong end = length > ulong.MaxValue - offset ? ulong.MaxValue : offset + length;
        ulong pages = (end >> PageSize.Shift4K) + ((end & (PageSize.Size4K - 1)) != 0 ? 1UL : 0) - first;
        return Change(first, pages, evenOwnCopies: false, () => File.TryPunchHole(offset, length), cancellationToken);
    }

    /// <summary>Makes another file that shares every extent (<c>FICLONE</c>): the first store through a mapping of either parts a page. Transfers are waited for: they would reach both.</summary>
    /// <returns><see cref="Errno.EINTR"/> where the wait was interrupted: nothing has changed.</returns>
    public Errno TryClone(string name, out MountedFile? clone, CancellationToken cancellationToken = default)
    {
        Errno errno = Change(0, ulong.MaxValue, evenOwnCopies: false, () => _mount.Store.TryClone(File, name, out _), cancellationToken);
        clone = null;
        return errno == Errno.None ? _mount.TryOpen(name, out clone) : errno;
    }

    /// <summary>Makes durable what was written, and stored through mappings (<c>fsync</c>).</summary>
    public Errno TrySync()
    {
        Errno errno = Mapped.Sync();
        return errno == Errno.None ? File.TrySync() : errno;
    }

    internal Errno Change(ulong first, ulong pages, bool evenOwnCopies, Func<Errno> change, CancellationToken cancellationToken) =>
        Mapped.TryChangeLayout(first, pages, evenOwnCopies, () => FileMount.During(this, change), cancellationToken);

    internal void Close()
    {
        Mapped.Dispose();
        _extents.Close();
    }

    /// <summary>Whether a write of pages gives one of them another place, or a first one.</summary>
    private bool MovesPages(ulong first, ulong pages)
    {
        for (ulong page = first; page < first + pages;)
        {
            ulong run = File.FindRun(page, first + pages - page, out _, out bool isShared);
            if (run == 0 || isShared)
            {
                return true;
            }

            page += run;
        }

        return false;
    }
}
