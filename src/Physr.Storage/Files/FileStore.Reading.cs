// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Files;

public sealed partial class FileStore
{
    internal Errno Read(FileNode node, ulong offset, Span<byte> destination, out int read)
    {
        lock (_lock)
        {
            read = 0;
            if (!IsThere(node))
            {
                return Errno.EBADF;
            }

            int count = offset >= node.Length ? 0 : (int)Math.Min((ulong)destination.Length, node.Length - offset);
            while (read < count)
            {
                ulong page = (offset + (ulong)read) >> PageSize.Shift4K;
                ulong into = (offset + (ulong)read) % BlockBytes;
                bool isThere = node.Extents.TryFind(page, out Extent rest);
                ulong bytes = rest.Count >= int.MaxValue ? int.MaxValue : (rest.Count * BlockBytes) - into;
                Span<byte> part = destination.Slice(read, (int)Math.Min(bytes, (ulong)(count - read)));
                if (isThere)
                {
                    Errno errno = _device.TryRead((rest.Block * BlockBytes) + into, part);
                    if (errno != Errno.None)
                    {
                        return errno;
                    }
                }
                else
                {
                    part.Clear();
                }

                read += part.Length;
            }

            return Errno.None;
        }
    }

    internal Errno Sync(FileNode node, ulong offset, ulong length)
    {
        lock (_lock)
        {
            Errno errno = MayChange(node);
            if (errno != Errno.None)
            {
                return errno == Errno.EROFS ? Errno.None : errno;
            }

            ulong end = offset + Math.Min(length, ulong.MaxValue - offset);
            foreach (Extent extent in node.Extents.All)
            {
                ulong from = Math.Max(offset, extent.Page * BlockBytes);
                ulong to = Math.Min(end, extent.End * BlockBytes);
                errno = errno == Errno.None && from < to ? Flush((extent.Block * BlockBytes) + (from - (extent.Page * BlockBytes)), to - from) : errno;
            }

            if (errno == Errno.None)
            {
                errno = _device.TryFence();
                errno = errno == Errno.None ? errno : Fail($"fence of a sync: {errno}");
            }

            return errno;
        }
    }

    internal Errno MapExtents(FileNode node, ulong offset, ulong length, DirectAccess access, RangeListBuilder list, out string reason)
    {
        lock (_lock)
        {
            if (!IsThere(node) || offset > node.Length || length > node.Length - offset)
            {
                bool isThere = IsThere(node);
                reason = isThere ? $"bytes {offset}+{length} are not all of '{node.Name}', which has {node.Length}" : $"'{node.Name}' is gone";
                return isThere ? Errno.ENXIO : Errno.EBADF;
            }

            reason = "";
            Errno errno = access == DirectAccess.Write ? MayChange() : Errno.None;
            reason = errno == Errno.None ? "" : $"{Name} takes no changes{(Failure is null ? "" : $": {Failure}")}";
            using RangeListBuilder ranges = RangeListBuilder.Rent();
            for (ulong at = offset; errno == Errno.None && at < offset + length;)
            {
                ulong into = at % BlockBytes;
                bool isThere = node.Extents.TryFind(at >> PageSize.Shift4K, out Extent rest);
                bool isShared = isThere && access == DirectAccess.Write && _state.Blocks.Shared != 0 && HasShared(rest with { Count = Math.Min(rest.Count, ((offset + length - at + into - 1) / BlockBytes) + 1) });
                if (!isThere || isShared)
                {
                    reason = $"'{node.Name}' {(isThere ? "shares blocks" : "has a hole")} at byte {at}{(isThere ? " or behind" : "")}: give it blocks first ({nameof(StoreFile.TryAllocate)})";
                    return isThere ? Errno.EOPNOTSUPP : Errno.ENODATA;
                }

                ulong bytes = Math.Min((rest.Count * BlockBytes) - into, offset + length - at);
                errno = _device.TryDirectAccess((rest.Block * BlockBytes) + into, bytes, access, ranges, out reason);
                at += bytes;
            }

            if (errno == Errno.None)
            {
                list.Append(ranges.Build());
            }

            return errno;
        }
    }

    internal bool FindBlock(FileNode node, ulong page, out ulong deviceOffset, out bool isShared)
    {
        lock (_lock)
        {
            bool isThere = node.Extents.TryFind(page, out Extent rest);
            deviceOffset = isThere ? rest.Block * BlockBytes : 0;
            isShared = isThere && _state.Blocks.IsShared(rest.Block);
            return isThere;
        }
    }

    internal Extent[] ExtentsOf(FileNode node)
    {
        lock (_lock)
        {
            return [.. node.Extents.All];
        }
    }

    private bool HasShared(Extent extent) => _state.Blocks.Owners.Slice((int)extent.Block, (int)extent.Count).IndexOfAnyInRange(2, int.MaxValue) >= 0;
}
