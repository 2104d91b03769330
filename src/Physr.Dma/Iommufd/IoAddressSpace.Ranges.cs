// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;

namespace Physr.Dma.Iommufd;

public sealed partial class IoAddressSpace
{
    /// <summary>Sets where mappings may be placed and what nobody may reserve (<c>IOMMU_IOAS_ALLOW_IOVAS</c>); replaces what was allowed. None allows everything.</summary>
    /// <param name="allowed">The ranges; they bind only where addresses are found, not where they are given.</param>
    /// <returns><see cref="Errno.EINVAL"/> for a range without length or two that overlap; <see cref="Errno.EADDRINUSE"/> where one is reserved; <see cref="Errno.ENOMEM"/>;
    /// <see cref="Errno.ENOENT"/> once it is destroyed.</returns>
    public Errno AllowIovas(ReadOnlySpan<IovaRange> allowed)
    {
        if (!TryUse())
        {
            return Errno.ENOENT;
        }

        Errno errno = Context.Passes("allowed ranges") ? Errno.None : Errno.ENOMEM;
        if (errno == Errno.None)
        {
            _areasLock.EnterAlone();
            errno = _space.Allow(allowed);
            _areasLock.ExitAlone();
        }

        EndUse();
        return errno;
    }

    /// <summary>Gives the ranges that are not reserved (<c>IOMMU_IOAS_IOVA_RANGES</c>).</summary>
    /// <param name="ranges">Filled as far as it reaches.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="alignment">What addresses and lengths of mappings must be multiples of, in bytes.</param>
    /// <returns><see cref="Errno.EMSGSIZE"/> where there are more than fit; <see cref="Errno.ENOENT"/> once it is destroyed.</returns>
    public Errno GetIovaRanges(Span<IovaRange> ranges, out int count, out ulong alignment)
    {
        (count, alignment) = (0, 1);
        if (!TryUse())
        {
            return Errno.ENOENT;
        }

        _areasLock.EnterShared();
        count = _space.Unreserved(ranges);
        alignment = _space.Alignment;
        _areasLock.ExitShared();
        EndUse();
        return count > ranges.Length ? Errno.EMSGSIZE : Errno.None;
    }

    /// <summary>Whether leaves larger than 4 KiB may be used; see <see cref="IommufdOption.HugePages"/>.</summary>
    public bool AllowsHugePages
    {
        get
        {
            _areasLock.EnterShared();
            bool allows = _allowsHugePages;
            _areasLock.ExitShared();
            return allows;
        }
    }

    /// <summary>Allows or forbids large leaves.</summary>
    /// <returns><see cref="Errno.EINVAL"/> to forbid them where page tables may have some already; <see cref="Errno.EADDRINUSE"/> where a mapping is not on 4 KiB pages.</returns>
    internal Errno SetHugePages(bool allowed)
    {
        if (!TryUse())
        {
            return Errno.ENOENT;
        }

        _domainsLock.EnterAlone();
        _areasLock.EnterAlone();
        Errno errno = Errno.None;
        if (!allowed && _allowsHugePages && _domains.Count != 0 && !_space.Areas.IsEmpty)
        {
            errno = Errno.EINVAL;
        }
        else if (allowed != _allowsHugePages)
        {
            _allowsHugePages = allowed;
            errno = UpdateAlignment();
            _allowsHugePages = errno == Errno.None ? allowed : !allowed;
        }

        _areasLock.ExitAlone();
        _domainsLock.ExitAlone();
        EndUse();
        return errno;
    }

    /// <summary>Keeps a device's reserved addresses free; all or none.</summary>
    internal Errno ReserveFor(IommufdDevice device)
    {
        DmaRange[] ranges = [.. device.Hardware.ReservedRanges];
        _areasLock.EnterAlone();
        Errno errno = Errno.None;
        foreach (DmaRange range in ranges)
        {
            errno = range.IsEmpty ? Errno.None : !Context.Passes("reserved range") ? Errno.ENOMEM : _space.Reserve(range.Start.Value, range.Last.Value, device);
            if (errno != Errno.None)
            {
                _space.EndReservations(device);
                break;
            }
        }

        _areasLock.ExitAlone();
        return errno;
    }

    /// <summary>Ends what was reserved for a device.</summary>
    internal void EndReservations(IommufdDevice device)
    {
        _areasLock.EnterAlone();
        _space.EndReservations(device);
        _areasLock.ExitAlone();
    }

    /// <summary>Takes an access into the address space, which keeps its mappings on the pages that it needs.</summary>
    internal Errno AddAccess(IommufdAccess access)
    {
        if (!Context.Passes("access"))
        {
            return Errno.ENOMEM;
        }

        _domainsLock.EnterAlone();
        _areasLock.EnterAlone();
        _accesses.Add(access);
        Errno errno = UpdateAlignment();
        if (errno != Errno.None)
        {
            _accesses.Remove(access);
        }

        _areasLock.ExitAlone();
        _domainsLock.ExitAlone();
        return errno;
    }

    /// <summary>Lets an access go, which pins nothing any more.</summary>
    internal void RemoveAccess(IommufdAccess access)
    {
        _domainsLock.EnterAlone();
        _areasLock.EnterAlone();
        _accesses.Remove(access);
        _ = UpdateAlignment();
        _areasLock.ExitAlone();
        _domainsLock.ExitAlone();
    }

    /// <summary>Sets the alignment that domains, accesses and the option ask for together; <see cref="Errno.EADDRINUSE"/> where a mapping breaks it. Both locks are held alone.</summary>
    private Errno UpdateAlignment()
    {
        ulong alignment = _allowsHugePages ? 1 : PageSize.Size4K;
        foreach (IIommuDomain domain in _domains)
        {
            alignment = Math.Max(alignment, GranuleOf(domain));
        }

        if (_accesses.Exists(static access => access.NeedsPinnedPages))
        {
            alignment = Math.Max(alignment, PageSize.Size4K);
        }

        if (alignment > _space.Alignment && !AllAligned(alignment))
        {
            return Errno.EADDRINUSE;
        }

        _space.Alignment = alignment;
        return Errno.None;
    }

    private static ulong GranuleOf(IIommuDomain domain) => domain.PageSizes & (0UL - domain.PageSizes);

    private bool AllAligned(ulong alignment)
    {
        foreach (IoArea area in _space.Areas.ToList())
        {
            if (((area.First | (area.LengthLessOne + 1) | area.OffsetInPage(area.FirstIndex)) & (alignment - 1)) != 0)
            {
                return false;
            }
        }

        return true;
    }
}
