// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.PageTables;

namespace Physr.Dma.Iommufd;

public sealed partial class IoAddressSpace
{
    /// <summary>Pins the pages behind a range; all or nothing.</summary>
    /// <param name="iova">The first address.</param>
    /// <param name="length">Bytes; not zero, and not beyond the space.</param>
    /// <param name="isWrite">Whether they will be written.</param>
    /// <param name="isLock">Whether hardware works on them and cannot be told to stop: unmapping is <see cref="Errno.EBUSY"/> until they are unpinned.</param>
    /// <param name="frames">The frames are appended.</param>
    internal Errno PinRange(ulong iova, ulong length, bool isWrite, bool isLock, RangeListBuilder frames)
    {
        _areasLock.EnterShared();
        try
        {
            ulong last = iova + (length - 1);
            for (ulong at = iova; ;)
            {
                Errno errno = CheckAccess(at, isWrite, out IoArea? area);
                ulong end = errno == Errno.None ? Math.Min(last, area!.Last) : at;
                errno = errno != Errno.None ? errno
                    : area!.PreventsAccess || (area.OffsetInPage(area.FirstIndex) != (area.First & (PageSize.Size4K - 1))) ? Errno.EINVAL
                    : area.Pages!.AddAccess(area, area.IndexOf(at), area.IndexOf(end), isLock, frames);
                if (errno != Errno.None)
                {
                    if (at != iova)
                    {
                        UnpinLocked(iova, at - 1, isLock);
                    }

                    return errno;
                }

                if (end == last)
                {
                    return Errno.None;
                }

                at = end + 1;
            }
        }
        finally
        {
            _areasLock.ExitShared();
        }
    }

    /// <summary>Ends what one <see cref="PinRange"/> of the same range began.</summary>
    internal void UnpinRange(ulong iova, ulong length, bool isLock)
    {
        _areasLock.EnterShared();
        UnpinLocked(iova, iova + (length - 1), isLock);
        _areasLock.ExitShared();
    }

    /// <summary>Copies bytes out of mappings.</summary>
    internal Errno ReadBytes(ulong iova, Span<byte> destination, AccessFlags flags)
    {
        _areasLock.EnterShared();
        try
        {
            while (true)
            {
                Errno errno = CheckAccess(iova, isWrite: false, out IoArea? area);
                if (errno != Errno.None)
                {
                    return errno;
                }

                int length = (int)Math.Min((ulong)destination.Length - 1, area!.Last - iova) + 1;
                errno = area.Pages!.Read(area.ByteOffset + (iova - area.First), destination[..length], flags);
                if (errno != Errno.None || length == destination.Length)
                {
                    return errno;
                }

                iova += (ulong)length;
                destination = destination[length..];
            }
        }
        finally
        {
            _areasLock.ExitShared();
        }
    }

    /// <summary>Copies bytes into mappings.</summary>
    internal Errno WriteBytes(ulong iova, ReadOnlySpan<byte> source, AccessFlags flags)
    {
        _areasLock.EnterShared();
        try
        {
            while (true)
            {
                Errno errno = CheckAccess(iova, isWrite: true, out IoArea? area);
                if (errno != Errno.None)
                {
                    return errno;
                }

                int length = (int)Math.Min((ulong)source.Length - 1, area!.Last - iova) + 1;
                errno = area.Pages!.Write(area.ByteOffset + (iova - area.First), source[..length], flags);
                if (errno != Errno.None || length == source.Length)
                {
                    return errno;
                }

                iova += (ulong)length;
                source = source[length..];
            }
        }
        finally
        {
            _areasLock.ExitShared();
        }
    }

    private Errno CheckAccess(ulong iova, bool isWrite, out IoArea? area)
    {
        area = AreaAt(iova);
        return area is null ? Errno.ENOENT : !area.Access.HasFlag(isWrite ? IommuAccess.Write : IommuAccess.Read) ? Errno.EPERM : Errno.None;
    }

    private void UnpinLocked(ulong iova, ulong last, bool isLock)
    {
        while (true)
        {
            // What is pinned cannot have been unmapped, so there is a mapping at each address.
            IoArea area = AreaAt(iova) ?? throw new PhysrException("unpin", $"{this} at 0x{iova:x}", Errno.ENOENT, "a mapping went while it was pinned");
            ulong end = Math.Min(last, area.Last);
            area.Pages!.RemoveAccess(area, area.IndexOf(iova), area.IndexOf(end), isLock);
            if (end == last)
            {
                return;
            }

            iova = end + 1;
        }
    }
}
