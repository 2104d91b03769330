// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd;

public sealed partial class IoAddressSpace
{
    /// <summary>Maps what is mapped elsewhere, in this or another address space of the context; the pages are shared and stay pinned once (<c>IOMMU_IOAS_COPY</c>, row R73).</summary>
    /// <param name="source">Where it is mapped.</param>
    /// <param name="sourceIova">Any byte of it: the range need not be one that was mapped by one call (row R73b).</param>
    /// <param name="length">Bytes, all within mappings.</param>
    /// <param name="iova">As for <see cref="Map"/>.</param>
    /// <param name="flags">How.</param>
    /// <returns><see cref="Errno.ENOENT"/> where the source is not wholly mapped; <see cref="Errno.EPERM"/> to write what was mapped read-only; else as <see cref="Map"/>.</returns>
    public Errno Copy(IoAddressSpace source, DmaAddress sourceIova, ulong length, ref DmaAddress iova, IoMapFlags flags)
    {
        ArgumentNullException.ThrowIfNull(source);
        Errno errno = sourceIova.Value == ulong.MaxValue ? Errno.EOVERFLOW : CheckMap(sourceIova.Value, length, iova, flags);
        if (errno != Errno.None)
        {
            return errno;
        }

        using ObjectUse use = Use();
        using ObjectUse useOfSource = source.Use();
        if (!ReferenceEquals(source.Context, Context) || !use.IsHeld || !useOfSource.IsHeld)
        {
            return Errno.ENOENT;
        }

        List<PagePart> parts = [];
        errno = source.FindParts(sourceIova.Value, length, parts);
        errno = errno == Errno.None ? MapParts(CollectionsMarshal.AsSpan(parts), length, ref iova, flags) : errno;
        if (errno != Errno.None)
        {
            parts.ForEach(static part => part.Pages.ReleaseReference());
        }

        return errno;
    }

    /// <summary>Finds the mapping that holds an address and is not on its way in or out. The mappings' lock is held.</summary>
    private IoArea? AreaAt(ulong iova) => _space.Areas.First(iova, iova)?.Value is { Pages: not null } area ? area : null;

    private Errno FindParts(ulong iova, ulong length, List<PagePart> parts)
    {
        _areasLock.EnterShared();
        try
        {
            ulong last = iova + (length - 1);
            while (true)
            {
                IoArea? area = AreaAt(iova);
                if (area is null)
                {
                    return Errno.ENOENT;
                }

                if (!Context.Passes("part to copy"))
                {
                    return Errno.ENOMEM;
                }

                ulong end = Math.Min(last, area.Last);
                parts.Add(new(area.Pages!.AddReference(), area.ByteOffset + (iova - area.First), end - iova + 1));
                if (end == last)
                {
                    return Errno.None;
                }

                iova = end + 1;
            }
        }
        finally
        {
            _areasLock.ExitShared();
        }
    }
}
