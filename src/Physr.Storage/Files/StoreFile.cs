// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Files;

/// <summary>A file of a <see cref="FileStore"/>: bytes that lie on the device in extents, for reading, writing, mapping and DMA.</summary>
/// <remarks>All of it returns <see cref="Errno.EBADF"/> once the file is unlinked, <see cref="Errno.EROFS"/> for changes of a read-only store, <see cref="Errno.EIO"/> for changes of a store
/// that failed (<see cref="FileStore.Failure"/>).</remarks>
public sealed class StoreFile
{
    internal StoreFile(FileStore store, FileNode node)
    {
        Store = store;
        Node = node;
    }

    /// <summary>The store.</summary>
    public FileStore Store { get; }

    /// <summary>The name now.</summary>
    public string Name => Node.Name;

    /// <summary>The file's number: no two files of a store ever have the same.</summary>
    public ulong Id => Node.Id;

    /// <summary>Bytes.</summary>
    public ulong Length => Node.Length;

    /// <summary>Where its pages lie, by page; what is missing is a hole.</summary>
    public IReadOnlyList<Extent> Extents => Store.ExtentsOf(Node);

    internal FileNode Node { get; }

    /// <summary>Reads bytes; holes are zeros.</summary>
    /// <param name="offset">The first.</param>
    /// <param name="destination">Where they go.</param>
    /// <param name="read">How many came: fewer at the end of the file, and before bytes that are lost.</param>
    /// <returns><see cref="Errno.EIO"/> where bytes are lost.</returns>
    public Errno TryRead(ulong offset, Span<byte> destination, out int read) => Store.Read(Node, offset, destination, out read);

    /// <summary>Writes bytes and makes the file longer where they reach over its end (<c>pwrite</c>).</summary>
    /// <param name="offset">The first.</param>
    /// <param name="source">The bytes.</param>
    /// <param name="durability">When they survive a power cut.</param>
    /// <returns><see cref="Errno.ENOSPC"/>, nothing has changed then; <see cref="Errno.EINVAL"/> for a file that long; what <see cref="IFileMappings"/> returns, where blocks are given.</returns>
    public Errno TryWrite(ulong offset, ReadOnlySpan<byte> source, WriteDurability durability = WriteDurability.Durable)
    {
        ulong length = (ulong)source.Length;
        return offset > FileStore.MostFileBytes || length > FileStore.MostFileBytes - offset ? Errno.EINVAL : source.IsEmpty ? Errno.None
            : Store.WriteLocked(Node, offset, source, Pages(offset, length), offset + length, durability);
    }

    /// <summary>Makes the file shorter or longer (<c>ftruncate</c>); new bytes are a hole.</summary>
    /// <returns><see cref="Errno.EINVAL"/> for a file that long; what <see cref="IFileMappings"/> returns, where pages go.</returns>
    public Errno TrySetLength(ulong length) => Store.SetLength(Node, length);

    /// <summary>Makes bytes zero and gives whole pages of them back (<c>FALLOC_FL_PUNCH_HOLE</c>). The length stays.</summary>
    /// <remarks>The parts of pages at the edges become zero first: a cut may leave those done and the hole not.</remarks>
    /// <returns><see cref="Errno.EINVAL"/> for no bytes; <see cref="Errno.ENOSPC"/> where the metadata has no room for one more extent, or a shared page none to become zero in part;
    /// what <see cref="IFileMappings"/> returns: parts of a page at the edges may be zero then.</returns>
    public Errno TryPunchHole(ulong offset, ulong length) => Store.PunchHole(Node, offset, length);

    /// <summary>Gives every page of a range a block that the file has alone (<c>fallocate</c>, and <c>FALLOC_FL_UNSHARE_RANGE</c>), and makes the file longer where the range does. From 2 MiB
    /// on, blocks lie so that large pages can map them, where that can be had.</summary>
    /// <returns><see cref="Errno.ENOSPC"/>, nothing has changed then; <see cref="Errno.EINVAL"/> for no bytes or a file that long; what <see cref="IFileMappings"/> returns.</returns>
    public Errno TryAllocate(ulong offset, ulong length) =>
        length == 0 || offset > FileStore.MostFileBytes || length > FileStore.MostFileBytes - offset ? Errno.EINVAL
            : Store.WriteLocked(Node, offset, default, Pages(offset, length), offset + length, WriteDurability.Durable);

    /// <summary>Returns when everything written or stored to the file before is durable (<c>fsync</c>).</summary>
    public Errno TrySync() => Store.Sync(Node, 0, ulong.MaxValue);

    /// <summary>Returns when everything written or stored to a range of the file before is durable (<c>msync</c>).</summary>
    public Errno TrySync(ulong offset, ulong length) => Store.Sync(Node, offset, length);

    /// <summary>Where bytes lie: ranges for DMA and for direct stores, without a page descriptor (row R85). Past the file, they are good until its extents change.</summary>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="access">What for.</param>
    /// <param name="list">Gets the ranges, in the order of the file; unchanged on failure.</param>
    /// <param name="reason">Why not, and what to do; empty on success.</param>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end; <see cref="Errno.ENODATA"/> for a hole; <see cref="Errno.EOPNOTSUPP"/> for writing where blocks are shared, or where the
    /// device allows no stores past it; <see cref="Errno.EIO"/> where bytes are lost.</returns>
    public Errno TryMapExtents(ulong offset, ulong length, DirectAccess access, RangeListBuilder list, out string reason)
    {
        ArgumentNullException.ThrowIfNull(list);
        return Store.MapExtents(Node, offset, length, access, list, out reason);
    }

    /// <summary>Which block holds a page, for a fault.</summary>
    /// <param name="pageIndex">The page of the file, by 4 KiB.</param>
    /// <param name="deviceOffset">The block's first byte on the device.</param>
    /// <param name="isShared">Whether another file has it too: it may be mapped to read only; a store needs <see cref="TryAllocateBlock"/> first.</param>
    /// <returns>False for a hole and beyond the end.</returns>
    public bool TryFindBlock(ulong pageIndex, out ulong deviceOffset, out bool isShared) => Store.FindBlock(Node, pageIndex, out deviceOffset, out isShared);

    /// <summary>The same, with how many pages from there on lie behind each other on the device, at most so many.</summary>
    internal ulong FindRun(ulong pageIndex, ulong most, out ulong deviceOffset, out bool isShared) => Store.FindRun(Node, pageIndex, most, out deviceOffset, out isShared);

    /// <summary>Gives a page a block that the file has alone, for a fault that stores: zeros where there was a hole, a copy where it was shared. The block is the file's, durably,
    /// when this returns (<c>MAP_SYNC</c>).</summary>
    /// <param name="pageIndex">The page of the file, by 4 KiB.</param>
    /// <param name="deviceOffset">The block's first byte on the device.</param>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end; <see cref="Errno.ENOSPC"/>; <see cref="Errno.EIO"/>; what <see cref="IFileMappings"/> returns: other mappings of the page go.</returns>
    public Errno TryAllocateBlock(ulong pageIndex, out ulong deviceOffset) => Store.AllocateBlock(Node, pageIndex, out deviceOffset);

    /// <summary>The name and the length.</summary>
    public override string ToString() => $"{Name} ({Length} bytes)";

    private static (ulong From, ulong To) Pages(ulong offset, ulong length) =>
        (offset >> PageSize.Shift4K, (offset + length + FileStore.BlockBytes - 1) >> PageSize.Shift4K);
}
