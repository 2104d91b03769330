// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Files;

public sealed partial class FileStore
{
    /// <summary>Makes an empty file.</summary>
    /// <param name="name">1 to 255 bytes of UTF-8 without '/' and NUL.</param>
    /// <param name="file">The file; null on failure.</param>
    /// <returns><see cref="Errno.EINVAL"/> for another name; <see cref="Errno.EEXIST"/>; <see cref="Errno.ENOSPC"/>; <see cref="Errno.EROFS"/>; <see cref="Errno.EIO"/>.</returns>
    public Errno TryCreate(string name, out StoreFile? file)
    {
        ArgumentNullException.ThrowIfNull(name);
        lock (_lock)
        {
            file = null;
            Errno errno = MayName(name);
            if (errno != Errno.None)
            {
                return errno;
            }

            _record.Clear();
            _record.Create(_state.NextId, name);
            return _state.HasRoom(0, EntryWriter.FileBytes(name)) ? CommitAndOpen(name, out file) : Errno.ENOSPC;
        }
    }

    /// <summary>Finds a file.</summary>
    /// <returns><see cref="Errno.ENOENT"/>.</returns>
    public Errno TryOpen(string name, out StoreFile? file)
    {
        ArgumentNullException.ThrowIfNull(name);
        lock (_lock)
        {
            file = _state.Names.TryGetValue(name, out FileNode? node) ? HandleOf(node) : null;
            return file is null ? Errno.ENOENT : Errno.None;
        }
    }

    /// <summary>Makes a file that shares all blocks of another (<c>FICLONE</c>). Who writes to either first gets a copy of what it writes to.</summary>
    /// <remarks>Mappings of the source are taken away first: a store through one would be seen by both.</remarks>
    /// <param name="source">The file to share with, as it is now.</param>
    /// <param name="name">The name of the new one.</param>
    /// <param name="clone">The new one; null on failure.</param>
    /// <returns>As <see cref="TryCreate"/>; <see cref="Errno.EBADF"/> where the source is gone or another store's; what <see cref="IFileMappings"/> returns.</returns>
    public Errno TryClone(StoreFile source, string name, out StoreFile? clone)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(name);
        lock (_lock)
        {
            clone = null;
            Errno errno = source.Store == this && IsThere(source.Node) ? MayName(name) : Errno.EBADF;
            if (errno == Errno.None && !_state.HasRoom((ulong)source.Node.Extents.Count, EntryWriter.FileBytes(name), true))
            {
                errno = Errno.ENOSPC;
            }

            errno = errno == Errno.None ? BeforeExtentsGo(source.Node, 0, source.Node.Pages) : errno;
            if (errno != Errno.None)
            {
                return errno;
            }

            _record.Clear();
            _record.Clone(source.Node.Id, _state.NextId, name);
            return CommitAndOpen(name, out clone);
        }
    }

    /// <summary>Gives a file another name. A file that has it already goes, in the same step.</summary>
    /// <returns><see cref="Errno.ENOENT"/>; as <see cref="TryCreate"/> but not <see cref="Errno.EEXIST"/>; what <see cref="IFileMappings"/> returns of the file that goes.</returns>
    public Errno TryRename(string from, string to)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        lock (_lock)
        {
            Errno errno = MayChange();
            if (errno != Errno.None || !FileNames.IsValid(to))
            {
                return errno == Errno.None ? Errno.EINVAL : errno;
            }

            if (!_state.Names.TryGetValue(from, out FileNode? node))
            {
                return Errno.ENOENT;
            }

            if (string.Equals(from, to, StringComparison.Ordinal))
            {
                return Errno.None;
            }

            errno = !_state.Names.TryGetValue(to, out FileNode? replaced)
                ? _state.HasRoom(0, EntryWriter.FileBytes(to)) ? Errno.None : Errno.ENOSPC
                : BeforeExtentsGo(replaced, 0, replaced.Pages);
            _record.Clear();
            if (replaced is not null)
            {
                _record.Unlink(replaced.Id);
            }

            _record.Rename(node.Id, to);
            return errno == Errno.None ? Commit() : errno;
        }
    }

    /// <summary>Takes a file away, at once: who has it open gets <see cref="Errno.EBADF"/> from then on.</summary>
    /// <returns><see cref="Errno.ENOENT"/>; <see cref="Errno.EROFS"/>; <see cref="Errno.EIO"/>; what <see cref="IFileMappings"/> returns.</returns>
    public Errno TryUnlink(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        lock (_lock)
        {
            Errno errno = MayChange();
            if (errno != Errno.None || !_state.Names.TryGetValue(name, out FileNode? node))
            {
                return errno == Errno.None ? Errno.ENOENT : errno;
            }

            errno = BeforeExtentsGo(node, 0, node.Pages);
            _record.Clear();
            _record.Unlink(node.Id);
            return errno == Errno.None ? Commit() : errno;
        }
    }

    private Errno MayName(string name)
    {
        Errno errno = MayChange();
        return errno != Errno.None ? errno : !FileNames.IsValid(name) ? Errno.EINVAL : _state.Names.ContainsKey(name) ? Errno.EEXIST : _state.NextId == MetadataState.MostId ? Errno.ENOSPC : Errno.None;
    }

    private Errno CommitAndOpen(string name, out StoreFile? file)
    {
        Errno errno = Commit();
        file = errno == Errno.None ? HandleOf(_state.Names[name]) : null;
        return errno;
    }
}
