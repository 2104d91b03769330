// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;

namespace Physr.Dma.Iommufd;

/// <summary>An I/O address space (<c>struct iommufd_ioas</c>, row R71): what is mapped where, for every page table and access that follows it.</summary>
public sealed partial class IoAddressSpace : IommufdObject
{
    internal IoAddressSpace(IommufdContext context, uint id)
        : base(context, IommufdObjectKind.AddressSpace, id)
    {
    }

    /// <summary>Maps memory of a process (<c>IOMMU_IOAS_MAP</c>).</summary>
    /// <param name="user">The first byte; any byte, as far as the IOMMUs' pages allow.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="iova">Where it is mapped; asked for with <see cref="IoMapFlags.FixedIova"/>, else found (row R72).</param>
    /// <param name="flags">How.</param>
    /// <param name="process">Whose memory; null is the context's process.</param>
    /// <returns>Section 1.8: <see cref="Errno.EOVERFLOW"/>, <see cref="Errno.EINVAL"/> (no access asked for, length 0, alignment, a reserved address),
    /// <see cref="Errno.EEXIST"/> over a mapping, <see cref="Errno.ENOSPC"/> where no room is found, <see cref="Errno.EFAULT"/> and <see cref="Errno.ENOMEM"/> from pinning.</returns>
    public Errno Map(VirtualAddress user, ulong length, ref DmaAddress iova, IoMapFlags flags, IUserMemory? process = null) => IsDestroyed ? Errno.ENOENT : Errno.EOPNOTSUPP;

    /// <summary>Maps part of a file (<c>IOMMU_IOAS_MAP_FILE</c>).</summary>
    /// <param name="file">The file; a reference is held while any of it is mapped.</param>
    /// <param name="offset">The first byte in the file.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="iova">As for <see cref="Map"/>.</param>
    /// <param name="flags">How.</param>
    /// <returns>As <see cref="Map"/>; <see cref="Errno.EINVAL"/> beyond the file's end, once its pages are pinned.</returns>
    public Errno MapFile(IMappableFile file, ulong offset, ulong length, ref DmaAddress iova, IoMapFlags flags) => IsDestroyed ? Errno.ENOENT : Errno.EOPNOTSUPP;

    /// <summary>Maps what is mapped elsewhere, in this or another address space of the context; the pages are shared and stay pinned once (<c>IOMMU_IOAS_COPY</c>, row R73).</summary>
    /// <param name="source">Where it is mapped.</param>
    /// <param name="sourceIova">Any byte of it.</param>
    /// <param name="length">Bytes, all within mappings.</param>
    /// <param name="iova">As for <see cref="Map"/>.</param>
    /// <param name="flags">How.</param>
    /// <returns><see cref="Errno.ENOENT"/> where the source is not wholly mapped; <see cref="Errno.EPERM"/> to write what was mapped read-only; else as <see cref="Map"/>.</returns>
    public Errno Copy(IoAddressSpace source, DmaAddress sourceIova, ulong length, ref DmaAddress iova, IoMapFlags flags) => IsDestroyed ? Errno.ENOENT : Errno.EOPNOTSUPP;

    /// <summary>Unmaps whole mappings (<c>IOMMU_IOAS_UNMAP</c>). Accesses that pinned there are told and waited for.</summary>
    /// <param name="iova">The first address; 0 with a length of all ones unmaps everything, and that never fails for want of mappings.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="unmapped">Bytes that were mapped.</param>
    /// <returns><see cref="Errno.ENOENT"/> where nothing is mapped or a mapping is only partly inside; <see cref="Errno.EINVAL"/> for length 0; <see cref="Errno.EOVERFLOW"/>;
    /// <see cref="Errno.EBUSY"/> for a mapping that another call is unmapping or that hardware holds; <see cref="Errno.EDEADLOCK"/> for accesses that do not unpin (R76b).</returns>
    public Errno Unmap(DmaAddress iova, ulong length, out ulong unmapped)
    {
        unmapped = 0;
        return IsDestroyed ? Errno.ENOENT : Errno.EOPNOTSUPP;
    }

    /// <summary>Sets where mappings may be placed and what nobody may reserve (<c>IOMMU_IOAS_ALLOW_IOVAS</c>); replaces what was allowed. None allows everything.</summary>
    /// <returns><see cref="Errno.EINVAL"/> for an empty or overlapping range; <see cref="Errno.EADDRINUSE"/> where one is reserved; <see cref="Errno.ENOMEM"/>.</returns>
    public Errno AllowIovas(ReadOnlySpan<IovaRange> allowed) => IsDestroyed ? Errno.ENOENT : Errno.EOPNOTSUPP;

    /// <summary>Gives the ranges that are not reserved (<c>IOMMU_IOAS_IOVA_RANGES</c>).</summary>
    /// <param name="ranges">Filled as far as it reaches.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="alignment">What addresses and lengths of mappings must be multiples of, in bytes.</param>
    /// <returns><see cref="Errno.EMSGSIZE"/> where there are more than fit.</returns>
    public Errno GetIovaRanges(Span<IovaRange> ranges, out int count, out ulong alignment)
    {
        (count, alignment) = (0, 1);
        return IsDestroyed ? Errno.ENOENT : Errno.EOPNOTSUPP;
    }

    /// <summary>Cuts mappings in two, for VFIO type 1 version 1, which may unmap a part (<c>iopt_cut_iova</c>). What is pinned and mapped stays as it is.</summary>
    /// <param name="boundaries">Each becomes the first address of a mapping, where one goes across it.</param>
    /// <returns><see cref="Errno.EINVAL"/> where a boundary is not aligned, or large leaves are allowed and a page table follows; <see cref="Errno.EBUSY"/> for a mapping
    /// that an access pinned; <see cref="Errno.ENOMEM"/>.</returns>
    public Errno CutAt(ReadOnlySpan<DmaAddress> boundaries) => IsDestroyed ? Errno.ENOENT : Errno.EOPNOTSUPP;

    /// <summary>Whether leaves larger than 4 KiB may be used; see <see cref="IommufdOption.HugePages"/>.</summary>
    public bool AllowsHugePages => !IsDestroyed;

    internal Errno SetHugePages(bool allowed) => IsDestroyed ? Errno.ENOENT : Errno.EOPNOTSUPP;

    /// <inheritdoc/>
    internal override void Release()
    {
    }

    internal Errno AddDomain(IIommuDomain domain) => IsDestroyed ? Errno.ENOENT : Errno.EOPNOTSUPP;

    internal void RemoveDomain(IIommuDomain domain)
    {
        _ = IsDestroyed;
    }

    internal Errno ReserveFor(IommufdDevice device) => IsDestroyed ? Errno.ENOENT : Errno.EOPNOTSUPP;

    internal void EndReservations(IommufdDevice device)
    {
        _ = IsDestroyed;
    }

    internal Errno AttachAutomatically(IommufdDevice device, uint pasid, HardwarePageTable? old) => IsDestroyed ? Errno.ENOENT : Errno.EOPNOTSUPP;
}
