// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Dma.PageTables;

namespace Physr.Dma.Iommufd;

public sealed partial class IoAddressSpace
{
    /// <summary>Maps memory of a process (<c>IOMMU_IOAS_MAP</c>).</summary>
    /// <param name="user">The first byte; any byte, as far as the IOMMUs' pages allow.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="iova">Where it is mapped; asked for with <see cref="IoMapFlags.FixedIova"/>, else found (row R72).</param>
    /// <param name="flags">How.</param>
    /// <param name="process">Whose memory; null is the context's process.</param>
    /// <returns>Section 1.8: <see cref="Errno.EOPNOTSUPP"/> for an unknown flag, <see cref="Errno.EOVERFLOW"/>, <see cref="Errno.EINVAL"/> (no access asked for, length 0,
    /// alignment, a reserved address), <see cref="Errno.EEXIST"/> over a mapping, <see cref="Errno.ENOSPC"/> where no room is found,
    /// <see cref="Errno.EFAULT"/> and <see cref="Errno.ENOMEM"/> from pinning, which is done only where a page table follows.</returns>
    public Errno Map(VirtualAddress user, ulong length, ref DmaAddress iova, IoMapFlags flags, IUserMemory? process = null)
    {
        Errno errno = CheckMap(user.Value, length, iova, flags);
        if (errno != Errno.None)
        {
            return errno;
        }

        using ObjectUse use = Use();
        IUserMemory owner = process ?? Context.Process;
        return use.IsHeld ? MapSource(new UserPageSource(owner, user.AlignDown(PageSize.Size4K)), user.Value, length, owner, ref iova, flags) : Errno.ENOENT;
    }

    /// <summary>Maps part of a file (<c>IOMMU_IOAS_MAP_FILE</c>).</summary>
    /// <param name="file">The file; a reference is held while any of it is mapped.</param>
    /// <param name="offset">The first byte in the file.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="iova">As for <see cref="Map"/>.</param>
    /// <param name="flags">How.</param>
    /// <returns>As <see cref="Map"/>; <see cref="Errno.EINVAL"/> beyond the file's end, once its pages are pinned.</returns>
    public Errno MapFile(IMappableFile file, ulong offset, ulong length, ref DmaAddress iova, IoMapFlags flags)
    {
        ArgumentNullException.ThrowIfNull(file);
        Errno errno = CheckMap(offset, length, iova, flags);
        if (errno != Errno.None)
        {
            return errno;
        }

        using ObjectUse use = Use();
        return use.IsHeld ? MapSource(new FilePageSource(file, Alignment.Down(offset, PageSize.Size4K)), offset, length, Context.Process, ref iova, flags) : Errno.ENOENT;
    }

    private static Errno CheckMap(ulong start, ulong length, DmaAddress iova, IoMapFlags flags)
    {
        const IoMapFlags Known = IoMapFlags.FixedIova | IoMapFlags.Readable | IoMapFlags.Writeable;
        if ((flags & ~Known) != IoMapFlags.None)
        {
            return Errno.EOPNOTSUPP;
        }

        if (iova.Value == ulong.MaxValue || length == ulong.MaxValue)
        {
            return Errno.EOVERFLOW;
        }

        // Rounding up to pages must not overflow either.
        if ((flags & (IoMapFlags.Readable | IoMapFlags.Writeable)) == IoMapFlags.None || length == 0 || length > ulong.MaxValue - PageSize.Size4K)
        {
            return Errno.EINVAL;
        }

        return start > ulong.MaxValue - length ? Errno.EOVERFLOW : Errno.None;
    }

    private static IommuAccess AccessOf(IoMapFlags flags) =>
        IommuAccess.Cache | (flags.HasFlag(IoMapFlags.Readable) ? IommuAccess.Read : IommuAccess.None) | (flags.HasFlag(IoMapFlags.Writeable) ? IommuAccess.Write : IommuAccess.None);

    private Errno MapSource(PageSource source, ulong start, ulong length, IUserMemory payer, ref DmaAddress iova, IoMapFlags flags)
    {
        if (!Context.Passes("pages"))
        {
            source.Release();
            return Errno.ENOMEM;
        }

        IoPages pages = new(Context, source, flags.HasFlag(IoMapFlags.Writeable), payer, Context.Accounting);
        PagePart part = new(pages, start - source.Start, length);
        Errno errno = MapParts(new(in part), length, ref iova, flags);
        if (errno != Errno.None)
        {
            pages.ReleaseReference();
        }

        return errno;
    }

    /// <summary>Maps parts one after another; takes over their references on success.</summary>
    private Errno MapParts(ReadOnlySpan<PagePart> parts, ulong length, ref DmaAddress iova, IoMapFlags flags)
    {
        IoArea[] areas = new IoArea[parts.Length];
        _domainsLock.EnterShared();
        try
        {
            Errno errno = InsertAreas(parts, length, iova, flags, areas);
            if (errno != Errno.None)
            {
                return errno;
            }

            int filled = 0;
            while (filled < areas.Length && errno == Errno.None)
            {
                errno = parts[filled].Pages.Fill(areas[filled], CollectionsMarshal.AsSpan(_domains), _allowsHugePages);
                filled += errno == Errno.None ? 1 : 0;
            }

            for (int i = 0; errno != Errno.None && i < filled; i++)
            {
                parts[i].Pages.Unfill(areas[i]);
            }

            FinishAreas(parts, areas, isMapped: errno == Errno.None);
            if (errno == Errno.None)
            {
                iova = new(areas[0].First);
            }

            return errno;
        }
        finally
        {
            _domainsLock.ExitShared();
        }
    }

    /// <summary>Chooses or checks the addresses and takes them, for mappings that have no pages yet.</summary>
    private Errno InsertAreas(ReadOnlySpan<PagePart> parts, ulong length, DmaAddress iova, IoMapFlags flags, IoArea[] areas)
    {
        _areasLock.EnterAlone();
        try
        {
            ulong at = iova.Value;
            Errno errno = flags.HasFlag(IoMapFlags.FixedIova)
                ? _space.CheckFixed(at, length)
                : _space.TryFind(length, parts[0].Pages.Source.Start + parts[0].ByteOffset, out at);
            for (int i = 0; errno == Errno.None && i < parts.Length; i++)
            {
                PagePart part = parts[i];
                errno = flags.HasFlag(IoMapFlags.Writeable) && !part.Pages.IsWritable ? Errno.EPERM
                    : ((at | part.Length | (part.ByteOffset & (PageSize.Size4K - 1))) & (_space.Alignment - 1)) != 0 ? Errno.EINVAL
                    : !Context.Passes("mapping") ? Errno.ENOMEM
                    : Errno.None;
                areas[i] = new(at, unchecked(at + (part.Length - 1)), part.ByteOffset, AccessOf(flags));
                at = unchecked(at + part.Length);
            }

            if (errno == Errno.None)
            {
                foreach (IoArea area in areas)
                {
                    area.Node = _space.Areas.Insert(area.First, area.Last, area);
                }
            }

            return errno;
        }
        finally
        {
            _areasLock.ExitAlone();
        }
    }

    /// <summary>Lets mappings be seen with their pages, or takes them out again.</summary>
    private void FinishAreas(ReadOnlySpan<PagePart> parts, IoArea[] areas, bool isMapped)
    {
        _areasLock.EnterAlone();
        for (int i = 0; i < areas.Length; i++)
        {
            if (isMapped)
            {
                areas[i].Pages = parts[i].Pages;
            }
            else
            {
                _space.Areas.Remove(areas[i].Node!);
            }
        }

        _areasLock.ExitAlone();
    }
}
