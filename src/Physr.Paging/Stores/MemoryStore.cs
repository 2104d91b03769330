// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Memory;

namespace Physr.Paging.Stores;

/// <summary>Pages in a file in memory (<c>memfd</c>), which the client made and keeps: they outlive the pager.</summary>
/// <remarks>The kernel copies, from the file and to it: a page that was never written takes no memory by being read, and memory that the hardware lost is an error and no signal. The mapping is the source of
/// copies into a window, and where evicted pages go.</remarks>
internal sealed class MemoryStore : PageStore
{
    private readonly MemoryFile _file;
    private readonly Mapping _mapping;

    private MemoryStore(MemoryFile file, Mapping mapping, ulong length)
        : base(length) => (_file, _mapping) = (file, mapping);

    /// <inheritdoc/>
    public override string Name => "memory store";

    /// <inheritdoc/>
    public override int RunPages => 512;

    /// <summary>Maps a file in memory as a store.</summary>
    /// <param name="file">The file; the store's from here on, also where this fails.</param>
    /// <param name="length">Bytes of the region: no more than the file has.</param>
    /// <param name="store">The store; null on failure.</param>
    /// <param name="reason">Why not; empty on success.</param>
    public static Errno TryOpen(MemoryFile file, ulong length, out MemoryStore? store, out string reason)
    {
        store = null;
        Errno errno = file.TryMap(0, (nuint)length, false, out Mapping? mapping, out reason);
        if (mapping is null)
        {
            file.Dispose();
            return errno;
        }

        store = new(file, mapping, length);
        return Errno.None;
    }

    /// <inheritdoc/>
    public override bool TryGetAddress(ulong offset, out nint address)
    {
        bool isThere = Covers(offset, PageBytes);
        address = isThere ? _mapping.Address + (nint)offset : 0;
        return isThere;
    }

    /// <inheritdoc/>
    public override Errno Read(ulong offset, nint destination, nuint length)
    {
        Errno errno = Covers(offset, length) ? _file.Read(destination, length, offset) : OutOfRange(offset, length);
        return errno is Errno.None or Errno.EINVAL ? errno : Failed(errno, $"{length} bytes at {offset} could not be read");
    }

    /// <inheritdoc/>
    public override Errno Write(ulong offset, nint source, nuint length)
    {
        Errno errno = Covers(offset, length) ? _file.Write(source, length, offset) : OutOfRange(offset, length);
        return errno is Errno.None or Errno.EINVAL ? errno : Failed(errno, $"{length} bytes at {offset} could not be written");
    }

    /// <inheritdoc/>
    public override Errno WriteFrom(MemoryFile window, ulong windowOffset, ulong offset, nuint length, nint scratch)
    {
        if (!Covers(offset, length))
        {
            return OutOfRange(offset, length);
        }

        // The kernel copies into the mapping: pages go from file to file in one step.
        Errno errno = window.Read(_mapping.Address + (nint)offset, length, windowOffset);
        return errno != Errno.None ? Failed(errno, $"{length} bytes at {offset} could not be written from the window") : window.Has(windowOffset, length) ? Errno.None : Holes(offset, length);
    }

    /// <inheritdoc/>
    public override Errno Flush() => Errno.None;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _mapping.Dispose();
            _file.Dispose();
        }
    }
}
