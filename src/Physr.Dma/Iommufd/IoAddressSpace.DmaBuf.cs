// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing;

namespace Physr.Dma.Iommufd;

public sealed partial class IoAddressSpace
{
    /// <summary>Maps part of a peer's memory (<c>IOMMU_IOAS_MAP_FILE</c> of a dma-buf, row R74). It is not charged to anybody, and accesses cannot reach it.</summary>
    /// <remarks>When its exporter revokes it, every page table forgets it before the exporter goes on; the mapping stays, without translation, until it is unmapped: to use the memory
    /// once it is back, map it anew.</remarks>
    /// <param name="buffer">The memory; a reference is held while any of it is mapped.</param>
    /// <param name="offset">The first byte in it.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="iova">As for <see cref="Map"/>.</param>
    /// <param name="flags">How.</param>
    /// <returns>As <see cref="Map"/>; <see cref="Errno.EINVAL"/> beyond its end; <see cref="Errno.ENODEV"/> while it is revoked;
    /// <see cref="Errno.EOPNOTSUPP"/> where it is not exactly one range of an exporter that gives out physical addresses.</returns>
    public Errno MapDmaBuf(DmaBuf buffer, ulong offset, ulong length, ref DmaAddress iova, IoMapFlags flags)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        Errno errno = CheckMap(offset, length, iova, flags);
        if (errno == Errno.None && (offset > buffer.Length || length > buffer.Length - offset))
        {
            errno = Errno.EINVAL;
        }

        if (errno != Errno.None)
        {
            return errno;
        }

        using ObjectUse use = Use();
        errno = !use.IsHeld ? Errno.ENOENT : Context.Passes("pages") ? Errno.None : Errno.ENOMEM;
        if (errno == Errno.None)
        {
            DmaBufPageSource source = new(buffer, Alignment.Down(offset, PageSize.Size4K));
            IoPages pages = new(Context, source, flags.HasFlag(IoMapFlags.Writeable), Context.Process, PinAccounting.None);
            source.Pages = pages;
            errno = source.TryAttach();
            if (errno == Errno.None)
            {
                PagePart part = new(pages, offset - source.Start, length);
                errno = MapParts(new(in part), length, ref iova, flags);
            }

            if (errno != Errno.None)
            {
                pages.ReleaseReference();
            }
        }

        return errno;
    }
}
