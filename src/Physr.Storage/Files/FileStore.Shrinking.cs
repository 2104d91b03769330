// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Files;

public sealed partial class FileStore
{
    private static readonly byte[] s_zeros = new byte[BlockBytes];

    internal Errno SetLength(FileNode node, ulong length)
    {
        lock (_lock)
        {
            Errno errno = MayChange(node);
            if (errno != Errno.None || length == node.Length)
            {
                return errno;
            }

            if (length > MostFileBytes)
            {
                return Errno.EINVAL;
            }

            if (length > node.Length)
            {
                return Write(node, length, default, default, length, WriteDurability.Durable);
            }

            ulong kept = (length + BlockBytes - 1) >> PageSize.Shift4K;
            errno = BeforeExtentsGo(node, kept, node.Pages - kept);
            if (errno == Errno.None)
            {
                _record.Clear();
                _record.SetLength(node.Id, length);
                errno = Commit();
            }

            // Who has the last page mapped sees zeros behind the end. It need not be durable: who makes the file longer writes them again.
            int into = (int)(length % BlockBytes);
            return errno == Errno.None && into != 0 && node.Extents.TryFind(kept - 1, out Extent last) && !_state.Blocks.IsShared(last.Block)
                ? _device.TryWrite((last.Block * BlockBytes) + (ulong)into, s_zeros.AsSpan(into))
                : errno;
        }
    }

    internal Errno PunchHole(FileNode node, ulong offset, ulong length)
    {
        lock (_lock)
        {
            Errno errno = MayChange(node);
            if (errno != Errno.None || length == 0 || offset >= node.Length)
            {
                return errno == Errno.None && length == 0 ? Errno.EINVAL : errno;
            }

            ulong end = offset + Math.Min(length, node.Length - offset);
            ulong first = (offset + BlockBytes - 1) >> PageSize.Shift4K;
            ulong last = end == node.Length ? node.Pages : end >> PageSize.Shift4K;
            ulong copies = CopiesFor(node, offset, offset >> PageSize.Shift4K) + (end == node.Length ? 0 : CopiesFor(node, end, last));
            ulong more = (2 * copies) + (first < last && node.Extents.WouldSplit(first, last - first) ? 1UL : 0);
            if (copies > (ulong)_state.Blocks.Free || (more != 0 && !_state.HasRoom(more)))
            {
                return Errno.ENOSPC;
            }

            // Parts of a page become zeros, whole pages holes.
            if (first > last)
            {
                return Zero(node, offset, end);
            }

            errno = Zero(node, offset, Math.Min(first * BlockBytes, end));
            errno = errno == Errno.None ? Zero(node, Math.Max(last * BlockBytes, offset), end) : errno;
            errno = errno == Errno.None && first < last ? BeforeExtentsGo(node, first, last - first) : errno;
            if (errno != Errno.None || first == last || !HasExtents(node, first, last))
            {
                return errno;
            }

            _record.Clear();
            _record.Unmap(node.Id, first, last - first);
            return Commit();
        }
    }

    private static bool HasExtents(FileNode node, ulong first, ulong last) => node.Extents.TryFind(first, out Extent rest) || rest.Count < last - first;

    /// <summary>How many blocks it takes to write to a part of a page that an edge of a hole lies in.</summary>
    private ulong CopiesFor(FileNode node, ulong edge, ulong page) =>
        edge % BlockBytes != 0 && node.Extents.TryFind(page, out Extent at) && _state.Blocks.IsShared(at.Block) ? 1UL : 0;

    /// <summary>Writes zeros to a part of one page; a hole has them already.</summary>
    private Errno Zero(FileNode node, ulong from, ulong to)
    {
        ulong page = from >> PageSize.Shift4K;
        return from < to && node.Extents.TryFind(page, out _)
            ? Write(node, from, s_zeros.AsSpan(0, (int)(to - from)), (page, page + 1), 0, WriteDurability.Durable)
            : Errno.None;
    }
}
