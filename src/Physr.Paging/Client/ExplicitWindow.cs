// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Memory;
using Physr.Paging.Engine;
using Physr.Paging.Stores;

namespace Physr.Paging.Client;

/// <summary>A window of this process whose pages are there when a lease brought them: by page protections. Every change of protection may split a mapping, of which a process has 65,530 (<c>vm.max_map_count</c>).</summary>
internal sealed class ExplicitWindow : IWindow
{
    private readonly Mapping _mapping;
    private readonly MemoryFile _file;

    /// <summary>Works on a window that others own.</summary>
    public ExplicitWindow(Mapping mapping, MemoryFile file)
    {
        _mapping = mapping;
        _file = file;
    }

    /// <inheritdoc/>
    public Errno Publish(ulong offset, nint source, nuint length, bool isWritable, out nuint done)
    {
        Errno errno = _file.Write(source, length, offset);
        errno = errno == Errno.None ? Map(offset, length, isWritable, out _) : errno;
        done = errno == Errno.None ? length : 0;
        return errno;
    }

    /// <inheritdoc/>
    public Errno Map(ulong offset, nuint length, bool isWritable, out nuint done)
    {
        done = length;
        return _mapping.Protect(At(offset), length, read: true, isWritable);
    }

    /// <inheritdoc/>
    public Errno Protect(ulong offset, nuint length) => _mapping.Protect(At(offset), length, read: true, write: false);

    /// <inheritdoc/>
    public Errno Unprotect(ulong offset, nuint length) => _mapping.Protect(At(offset), length, read: true, write: true);

    /// <inheritdoc/>
    public Errno Read(ulong offset, nint destination, nuint length) => _file.Read(destination, length, offset);

    /// <inheritdoc/>
    public Errno Remove(ulong offset, nuint length)
    {
        Errno errno = _mapping.Protect(At(offset), length, read: false, write: false);
        return errno == Errno.None ? _file.Punch(offset, length) : errno;
    }

    /// <inheritdoc/>
    public void Wake(ulong offset, nuint length)
    {
        // Nobody sleeps: who takes a lease does the work.
    }

    /// <inheritdoc/>
    public Errno Poison(ulong offset, nuint length) => _mapping.Protect(At(offset), length, read: false, write: false);

    /// <inheritdoc/>
    public bool TryNextResident(ulong from, out ulong start, out ulong end) => _file.TryNextData(from, out start, out end);

    /// <inheritdoc/>
    public Errno Save(PageStore store, ulong offset, nuint length, nint scratch) => store.WriteFrom(_file, offset, offset, length, scratch);

    private nint At(ulong offset) => _mapping.Address + (nint)offset;
}
